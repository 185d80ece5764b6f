import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Clipboard, ICommandPalette } from '@jupyterlab/apputils';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import type { IExecContext } from '../components/context';
import { execIcon } from '../icons';
import { isTerminal } from '../model/lifecycle';
import { ISidebarState, RunsSidebar } from '../sidebar/sidebar';
import { IExec, IRunsSidebar } from '../tokens';

const STATE = 'jupyter-exec:sidebar';
/** After the file browser and the running kernels, before the table of contents. */
const RANK = 250;

/** The sidebar, and what can be done to several runs. */
export const sidebarPlugin: JupyterFrontEndPlugin<IRunsSidebar> = {
  id: 'jupyter-exec:sidebar',
  description: 'The list of runs, templates and targets at the left.',
  autoStart: true,
  requires: [IExec],
  optional: [ITranslator, ILayoutRestorer, IStateDB, ICommandPalette],
  provides: IRunsSidebar,
  activate: (
    app: JupyterFrontEnd,
    model: IExec,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    palette: ICommandPalette | null
  ): IRunsSidebar => {
    const translated = translator ?? nullTranslator;
    const trans = translated.load('jupyter-exec');
    const context = { model, trans, commands: app.commands };
    const sidebar = new RunsSidebar(context, translated);
    sidebar.restore(null);
    void remember(sidebar, state);
    app.shell.add(sidebar, 'left', { rank: RANK, type: 'Runs' });
    restorer?.add(sidebar, sidebar.id);
    app.commands.addCommand(CommandIDs.showSidebar, {
      label: trans.__('Show Runs'),
      caption: trans.__('Show the list of runs at the left'),
      icon: execIcon,
      execute: () => app.shell.activateById(sidebar.id)
    });
    palette?.addItem({
      command: CommandIDs.showSidebar,
      category: trans.__('Runs')
    });
    addRunCommands(context);
    return sidebar;
  }
};

async function remember(
  sidebar: RunsSidebar,
  state: IStateDB | null
): Promise<void> {
  const known = (await state?.fetch(STATE)) as
    Partial<ISidebarState> | undefined;
  if (known !== undefined) {
    sidebar.restore(known);
  }
  sidebar.stateChanged.connect(() => {
    const { collapsed, grouping } = sidebar.state;
    void state?.save(STATE, { collapsed: [...collapsed], grouping });
  });
}

/** What asks and acts, with its dialogs; not needed for the first paint. */
const actions = () => import('../sidebar/runs/actions');

function idsOf(args: ReadonlyPartialJSONObject): string[] {
  const { runIds } = args;
  return Array.isArray(runIds) ? runIds.map(String) : [];
}

function addRunCommands(context: IExecContext): void {
  const { commands, model, trans } = context;
  const isActive = (id: string) => {
    const run = model.store.get(id);
    return run !== undefined && !isTerminal(run.status);
  };
  commands.addCommand(CommandIDs.cancelRuns, {
    label: args =>
      idsOf(args).length > 1
        ? trans.__('Cancel %1 Runs', idsOf(args).filter(isActive).length)
        : trans.__('Cancel Run'),
    isEnabled: args => idsOf(args).some(isActive),
    execute: async args => (await actions()).cancelRuns(context, idsOf(args))
  });
  commands.addCommand(CommandIDs.deleteRuns, {
    label: args =>
      idsOf(args).length > 1
        ? trans.__('Delete %1 Runs…', idsOf(args).length)
        : trans.__('Delete Run…'),
    isEnabled: args => idsOf(args).length > 0,
    execute: async args => (await actions()).deleteRuns(context, idsOf(args))
  });
  commands.addCommand(CommandIDs.tagRuns, {
    label: trans.__('Tag…'),
    isEnabled: args => idsOf(args).length > 0,
    execute: async args => (await actions()).tagRuns(context, idsOf(args))
  });
  commands.addCommand(CommandIDs.copyRunIds, {
    label: args =>
      idsOf(args).length > 1
        ? trans.__('Copy Run IDs')
        : trans.__('Copy Run ID'),
    isEnabled: args => idsOf(args).length > 0,
    execute: args => Clipboard.copyToSystem(idsOf(args).join('\n'))
  });
}
