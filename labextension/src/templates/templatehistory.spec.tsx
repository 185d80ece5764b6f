import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { render, screen } from '@testing-library/react';
import * as React from 'react';

import { RunServer } from '../../testing/runserver';
import { ExecProvider } from '../components/context';
import type { Template } from '../types';
import { TemplateHistory } from './templatehistory';

function version(number: number): Template {
  return {
    name: 't',
    version: number,
    action: number === 1 ? 'create' : 'update',
    createdAt: '2026-01-01T00:00:00Z'
  } as Template;
}

describe('The history of a template', () => {
  let server: RunServer;

  beforeEach(() => {
    server = new RunServer();
  });

  afterEach(() => {
    jest.restoreAllMocks();
    server.stop();
  });

  async function show(versions: Template[]): Promise<string[]> {
    const { model } = server;
    const { api } = model.templates;
    jest.spyOn(api, 'versions').mockResolvedValue(versions);
    jest.spyOn(api, 'get').mockResolvedValue(versions[0]);
    jest.spyOn(api, 'diff').mockResolvedValue('');
    render(
      <ExecProvider
        value={{
          model,
          commands: new CommandRegistry(),
          trans: nullTranslator.load('')
        }}
      >
        <TemplateHistory name="t" />
      </ExecProvider>
    );
    await screen.findByText('created');
    return [...document.querySelectorAll('th')].map(
      ({ textContent }) => textContent ?? ''
    );
  }

  it('offers two versions to compare where there are two', async () => {
    expect(await show([version(2), version(1)])).toEqual(
      expect.arrayContaining(['From', 'To', 'Version'])
    );
    expect(document.querySelectorAll('input[type=radio]')).toHaveLength(4);
  });

  it('offers nothing to choose where there is one', async () => {
    const titles = await show([version(1)]);
    expect(titles.filter(Boolean)).toEqual(['Version', 'When', 'What']);
    expect(document.querySelectorAll('input')).toHaveLength(0);
    screen.getByText('This is the first version.');
  });
});
