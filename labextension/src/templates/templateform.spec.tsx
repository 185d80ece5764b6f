import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { act, render, screen } from '@testing-library/react';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { ExecProvider } from '../components/context';
import { ExecModel } from '../model/exec';
import { RequestFailure } from '../server/errors';
import type { Run, TemplateSchema } from '../types';
import { TemplateForm } from './templateform';

/** A form of a template without parameters. */
async function open(model: ExecModel): Promise<HTMLButtonElement> {
  const commands = new CommandRegistry();
  commands.addCommand(CommandIDs.openRun, { execute: () => undefined });
  const schema = { title: 't', type: 'object', properties: {}, required: [] };
  jest
    .spyOn(model.templates.api, 'schema')
    .mockResolvedValue(schema as unknown as TemplateSchema);
  const trans = nullTranslator.load('jupyter-exec');
  render(
    <ExecProvider value={{ model, commands, trans }}>
      <TemplateForm name="t" />
    </ExecProvider>
  );
  return screen.findByText<HTMLButtonElement>('Run');
}

it('makes one run of clicks that come at once', async () => {
  const model = new ExecModel(ServerConnection.makeSettings());
  const { api } = model.templates;
  let answer: (run: Run) => void = () => undefined;
  const run = jest.spyOn(api, 'run').mockImplementation(
    () =>
      new Promise(resolve => {
        answer = resolve;
      })
  );
  const button = await open(model);
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

it('offers to log in where nobody is logged in any more', async () => {
  const model = new ExecModel(ServerConnection.makeSettings());
  const failure = new RequestFailure('unauthorized', 'send a token', [], 401);
  jest.spyOn(model.templates.api, 'run').mockRejectedValue(failure);
  (await open(model)).click();
  await screen.findByText('You are no longer logged in to this server.');
  const link = screen.getByRole<HTMLAnchorElement>('link', { name: 'Log in' });
  expect([link.target, link.rel]).toEqual(['_blank', 'noopener']);
  model.dispose();
});
