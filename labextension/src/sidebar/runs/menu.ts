import type { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { CommandIDs } from '../../commands';

/** Open the menu of one run, or of those that are selected, at a place of the page. */
export function openRunMenu(
  commands: CommandRegistry,
  runIds: readonly string[],
  x: number,
  y: number
): void {
  const menu = new Menu({ commands });
  menu.addClass('jp-exec-runmenu');
  const add = (command: string, args: Menu.IItemOptions['args']) => {
    // Some applications lack the part that has the command.
    if (commands.hasCommand(command)) {
      menu.addItem({ command, args });
    }
  };
  const many = { runIds: [...runIds] };
  if (runIds.length === 1) {
    const one = { runId: runIds[0] };
    add(CommandIDs.openRun, one);
    menu.addItem({ type: 'separator' });
    add(CommandIDs.rerun, one);
    add(CommandIDs.rerunWithChanges, one);
    add(CommandIDs.saveAsTemplate, one);
    menu.addItem({ type: 'separator' });
  } else {
    add(CommandIDs.compare, many);
    menu.addItem({ type: 'separator' });
  }
  add(CommandIDs.tagRuns, many);
  add(CommandIDs.pinRuns, many);
  add(CommandIDs.copyRunIds, many);
  menu.addItem({ type: 'separator' });
  add(CommandIDs.cancelRuns, many);
  add(CommandIDs.deleteRuns, many);
  menu.aboutToClose.connect(() => {
    // Not before the item that was chosen is run.
    requestAnimationFrame(() => menu.dispose());
  });
  menu.open(x, y);
}
