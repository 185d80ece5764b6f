import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { RunServer } from '../../testing/runserver';
import { ExecProvider } from '../components/context';
import type { Log } from '../types';
import Logs from './logs';

function logOf(role: string, index: number, attempt = 1): Log {
  const retry = attempt > 1 ? `.retry-${attempt - 1}` : '';
  return {
    name: `${role}-${index}${retry}.txt`,
    role,
    index,
    attempt,
    sizeBytes: 10,
    modifiedAt: '2026-01-01T00:00:00Z'
  };
}

const ENVIRONMENT: Log = {
  ...logOf('', 0),
  name: 'environment.txt',
  role: null,
  index: null,
  attempt: null
};

describe('The tab "Logs"', () => {
  let server: RunServer;

  beforeEach(() => {
    server = new RunServer();
    server.gate = new Promise(() => undefined); // what the logs say does not matter here
  });

  afterEach(() => {
    jest.restoreAllMocks();
    server.stop();
  });

  async function show(
    logs: Log[],
    mergedBytes: number | null
  ): Promise<HTMLSelectElement> {
    const { model } = server;
    const run = server.add({ runId: 'r', status: 'Completed' });
    jest.spyOn(model.runs, 'logList').mockResolvedValue({ logs, mergedBytes });
    const context = {
      model,
      commands: new CommandRegistry(),
      trans: nullTranslator.load('')
    };
    render(
      <ExecProvider value={context}>
        <Logs run={run} isDeleted={false} />
      </ExecProvider>
    );
    return screen.findByRole<HTMLSelectElement>('combobox', { name: 'Log' });
  }

  function pick(value: string): void {
    const picker = screen.getByRole('combobox', { name: 'Log' });
    fireEvent.change(picker, { target: { value } });
  }

  function link(): string {
    const found = screen.getByRole('link', { name: 'Download' });
    return (found as HTMLAnchorElement).href;
  }

  it('shows all replicas by time where there are several', async () => {
    const logs = [logOf('chief', 0), logOf('worker', 1), ENVIRONMENT];
    const picker = await show(logs, 20);
    expect(picker.selectedOptions[0].text).toBe('All, by time');
    expect([...picker.options].map(option => option.value)).toEqual([
      'merged',
      'chief-0.txt',
      'worker-1.txt',
      'environment.txt'
    ]);
    expect(link()).toMatch(/\/runs\/r\/logs\/merged$/);
    pick('worker-1.txt');
    expect(link()).toMatch(/\/logs\/worker-1\.txt$/);
    pick('merged');
    expect(link()).toMatch(/\/logs\/merged$/);
  });

  it('is there before the replicas have any log', async () => {
    const picker = await show([ENVIRONMENT], 0);
    expect(picker.value).toBe('merged');
  });

  it('shows the newest attempt of one replica, and nothing else', async () => {
    const logs = [logOf('main', 0, 2), logOf('main', 0), ENVIRONMENT];
    const picker = await show(logs, null);
    expect(picker.value).toBe('main-0.retry-1.txt');
    expect(screen.queryByText('All, by time')).toBeNull();
  });
});
