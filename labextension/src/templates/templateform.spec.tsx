import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { act, render, screen } from '@testing-library/react';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { ExecProvider } from '../components/context';
import { ExecModel } from '../model/exec';
import type { Run, TemplateSchema } from '../types';
import { TemplateForm } from './templateform';

it('makes one run of clicks that come at once', async () => {
  const model = new ExecModel(ServerConnection.makeSettings());
  const commands = new CommandRegistry();
  commands.addCommand(CommandIDs.openRun, { execute: () => undefined });
  const { api } = model.templates;
  const schema = { title: 't', type: 'object', properties: {}, required: [] };
  jest
    .spyOn(api, 'schema')
    .mockResolvedValue(schema as unknown as TemplateSchema);
  let answer: (run: Run) => void = () => undefined;
  const run = jest.spyOn(api, 'run').mockImplementation(
    () =>
      new Promise(resolve => {
        answer = resolve;
      })
  );
  const trans = nullTranslator.load('jupyter-exec');
  render(
    <ExecProvider value={{ model, commands, trans }}>
      <TemplateForm name="t" />
    </ExecProvider>
  );
  const button = await screen.findByText<HTMLButtonElement>('Run');
  // Nothing is rendered between them.
  await act(async () => {
    [1, 2, 3].forEach(() => button.click());
  });
  expect(run).toHaveBeenCalledTimes(1);
  expect(button.disabled).toBe(true);
  await act(async () =>
    answer({ runId: 'r', displayName: 'r', parentRunId: null } as Run)
  );
  expect(button.disabled).toBe(false);
  model.dispose();
});
