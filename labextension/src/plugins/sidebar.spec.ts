import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { RunServer } from '../../testing/runserver';
import { CommandIDs } from '../commands';
import { Selection } from '../model/selection';
import { addRunCommands } from './sidebar';

it('does to the selected runs what names no runs', () => {
  const { model } = new RunServer();
  const commands = new CommandRegistry();
  const trans = nullTranslator.load('jupyter-exec');
  const selection = new Selection(model.store);
  addRunCommands({ model, commands, trans }, selection);
  expect(commands.isEnabled(CommandIDs.deleteRuns)).toBe(false);
  expect(commands.label(CommandIDs.deleteRuns)).toBe('Delete Selected Runs…');
  let told = 0;
  commands.commandChanged.connect(() => (told += 1));
  selection.add(['a', 'b']);
  expect(told).toBeGreaterThan(0);
  expect(commands.isEnabled(CommandIDs.deleteRuns)).toBe(true);
  expect(commands.isEnabled(CommandIDs.tagRuns)).toBe(true);
  // Nobody knows that they are active.
  expect(commands.isEnabled(CommandIDs.cancelRuns)).toBe(false);
  const named = { runIds: ['a', 'b', 'c'] };
  expect(commands.label(CommandIDs.deleteRuns, named)).toBe('Delete 3 Runs…');
  expect(commands.isEnabled(CommandIDs.deleteRuns, { runIds: [] })).toBe(false);
  model.dispose();
});
