import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { act, render, screen, waitFor } from '@testing-library/react';
import * as React from 'react';

import { RunFields, RunServer } from '../../testing/runserver';
import { CommandIDs } from '../commands';
import { ExecProvider } from '../components/context';
import { useRun } from '../components/hooks';
import { RunHeader } from './header';

/** What happened to the commands, by their ids. */
const executed: unknown[] = [];

function Shown({ runId }: { runId: string }): JSX.Element {
  const run = useRun(runId);
  return run ? (
    <RunHeader
      run={run}
      isDeleted={false}
      onShowLog={() => {}}
      onShowEnvironment={() => {}}
    />
  ) : (
    <></>
  );
}

describe('The header of a run', () => {
  let server: RunServer;

  beforeEach(async () => {
    server = new RunServer();
    executed.length = 0;
    await server.start();
  });

  afterEach(() => {
    jest.restoreAllMocks();
    server.stop();
  });

  async function show(fields: RunFields): Promise<void> {
    const { model } = server;
    server.add(fields);
    await model.store.fetch(fields.runId);
    const commands = new CommandRegistry();
    for (const command of [
      CommandIDs.cancelRun,
      CommandIDs.rerun,
      CommandIDs.openRun,
      CommandIDs.openOutputs,
      CommandIDs.openTensorBoard,
      CommandIDs.copyRunId
    ]) {
      commands.addCommand(command, {
        execute: args => executed.push([command, args['runId']])
      });
    }
    const trans = nullTranslator.load('');
    render(
      <ExecProvider value={{ model, commands, trans }}>
        <Shown runId={fields.runId} />
      </ExecProvider>
    );
  }

  const button = (name: string) =>
    screen.getByText<HTMLButtonElement>(name, { selector: 'button' });

  it('tells that the server is away, and offers nothing that needs it', async () => {
    const startedAt = new Date().toISOString();
    await show({ runId: 'a', status: 'Running', startedAt });
    expect(screen.queryByText('Disconnected')).toBeNull();
    expect(button('Cancel').disabled).toBe(false);

    server.isDown = true;
    act(() => server.breakStream());
    await screen.findByText('Disconnected', undefined, { timeout: 3000 });
    for (const name of ['Cancel', 'Run again']) {
      expect(button(name).disabled).toBe(true);
      expect(button(name).title).toMatch(/^The Jupyter server does not answer/);
    }
    expect(button('Copy id').disabled).toBe(false);
    const elapsed = () =>
      document.querySelector('.jp-exec-elapsed')?.textContent;
    const stopped = elapsed();
    // Longer than the clocks of a page take to move.
    await new Promise(resolve => setTimeout(resolve, 1100));
    expect(elapsed()).toBe(stopped);

    server.isDown = false;
    act(() => server.model.stream.retry());
    await waitFor(() => expect(screen.queryByText('Disconnected')).toBeNull());
    expect(button('Cancel').disabled).toBe(false);
    await waitFor(() => expect(elapsed()).not.toBe(stopped), { timeout: 3000 });
  });

  it('leads to the run that this one repeats, by its name', async () => {
    server.add({ runId: 'first', displayName: 'The first try' });
    await show({ runId: 'b', tags: { rerunOf: 'first', owner: 'me' } });
    (await screen.findByText('The first try')).click();
    expect(executed).toEqual([[CommandIDs.openRun, 'first']]);
    expect(
      [...document.querySelectorAll('.jp-exec-tags li')].map(
        ({ textContent }) => textContent
      )
    ).toEqual(['owner=me']);
  });

  it('leads nowhere where that run was deleted', async () => {
    await show({ runId: 'b', tags: { rerunOf: 'gone' } });
    await screen.findByText(/gone, which was deleted/);
    expect(screen.queryByLabelText('Tags')).toBeNull();
  });

  it('offers the outputs folder of a run that has outputs', async () => {
    const outputs = jest.spyOn(server.model.runs, 'outputList');
    outputs.mockResolvedValueOnce({ outputs: [], eventFiles: false });
    const startedAt = new Date().toISOString();
    await show({ runId: 'a', status: 'Running', startedAt });
    await waitFor(() => expect(outputs).toHaveBeenCalledTimes(1));
    expect(screen.queryByText('Open outputs folder')).toBeNull();
    outputs.mockResolvedValueOnce({
      outputs: [{ path: 'a.txt', sizeBytes: 1, modifiedAt: startedAt }],
      eventFiles: false
    });
    act(() => server.move('a', 'Completed'));
    (await screen.findByText('Open outputs folder')).click();
    expect(executed).toEqual([[CommandIDs.openOutputs, 'a']]);
  });

  it.each(['a', 'a_7'])(
    'offers TensorBoard as soon as %s has written event files',
    async teller => {
      const outputs = jest.spyOn(server.model.runs, 'outputList');
      outputs.mockResolvedValue({ outputs: [], eventFiles: false });
      const startedAt = new Date().toISOString();
      await show({ runId: 'a', status: 'Running', startedAt });
      await waitFor(() => expect(outputs).toHaveBeenCalledTimes(1));
      expect(screen.queryByText('TensorBoard')).toBeNull();
      const tell = (runId: string) =>
        act(() =>
          server.tell({ type: 'metrics', runId, time: startedAt, metrics: [] })
        );
      // Another run's metrics are no reason to look.
      tell('b');
      outputs.mockResolvedValue({ outputs: [], eventFiles: true });
      tell(teller);
      tell(teller);
      const button = await screen.findByText('TensorBoard', undefined, {
        timeout: 4000
      });
      button.click();
      expect(executed).toEqual([[CommandIDs.openTensorBoard, 'a']]);
      expect(outputs).toHaveBeenCalledTimes(2);
    }
  );

  it('keeps "Cancel" in its place, whenever the run is looked at', async () => {
    await show({ runId: 'a', status: 'Completed' });
    expect(button('Cancel').disabled).toBe(true);
  });

  it('links to the pages that the run serves, while it goes on', async () => {
    const pages = {
      'Spark <b>UI</b>': 'http://127.0.0.1:10001/jobs/',
      Bad: 'javascript:alert(1)'
    };
    await show({ runId: 'a', status: 'Running', pages });
    const link = await screen.findByText<HTMLAnchorElement>('Spark <b>UI</b>');
    expect(link.href).toBe('http://127.0.0.1:10001/jobs/');
    expect(link.rel).toBe('noopener noreferrer');
    expect(screen.queryByText('Bad')).toBeNull();
    act(() => server.move('a', 'Completed'));
    await waitFor(() =>
      expect(screen.queryByLabelText('Pages of the run')).toBeNull()
    );
  });
});
