import type { JupyterFrontEnd } from '@jupyterlab/application';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { CommandIDs } from '../commands';
import type { IExec } from '../tokens';
import type { Run } from '../types';
import { addRunCommands } from './runcommands';

it('runs a run again once, however often that is asked meanwhile', async () => {
  const commands = new CommandRegistry();
  const opened: unknown[] = [];
  commands.addCommand(CommandIDs.openRun, {
    execute: args => opened.push(args['runId'])
  });
  let made = 0;
  let answer = () => {};
  const gate = new Promise<void>(resolve => {
    answer = resolve;
  });
  const rerun = async () => {
    made += 1;
    await gate;
    return { runId: `again-${made}` } as Run;
  };
  addRunCommands({
    app: { commands } as unknown as JupyterFrontEnd,
    model: {
      runs: { rerun },
      store: { get: () => undefined, add: () => {} }
    } as unknown as IExec,
    trans: nullTranslator.load('jupyter-exec'),
    current: () => undefined
  });
  const again = (runId: string) =>
    commands.execute(CommandIDs.rerun, { runId });
  const asked = [again('a'), again('a'), again('a')];
  expect(commands.isEnabled(CommandIDs.rerun, { runId: 'a' })).toBe(false);
  expect(commands.isEnabled(CommandIDs.rerun, { runId: 'b' })).toBe(true);
  answer();
  await Promise.all(asked);
  expect(made).toBe(1);
  expect(opened).toEqual(['again-1']);
  expect(commands.isEnabled(CommandIDs.rerun, { runId: 'a' })).toBe(true);
  await again('a');
  expect(made).toBe(2);
});
