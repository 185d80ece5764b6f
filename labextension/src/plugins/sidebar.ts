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
import { orNotify } from '../components/failure';
import { execIcon } from '../icons';
import { isTerminal } from '../model/lifecycle';
import type { Selection } from '../model/selection';
import { loaded } from '../server/failures';
import { ISidebarState, RunsSidebar } from '../sidebar/sidebar';
import { IExec, IRunsSidebar } from '../tokens';

const STATE = 'jupyter-exec:sidebar';
/** After the file browser and the running kernels, before the table of contents. */
const RANK = 250;
const DESCRIBED = {
  args: {
    type: 'object',
    properties: { runIds: { type: 'array', items: { type: 'string' } } }
  }
} as const;

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
    addRunCommands(context, sidebar.selection);
    for (const command of [
      CommandIDs.showSidebar,
      CommandIDs.tagRuns,
      CommandIDs.pinRuns,
      CommandIDs.cancelRuns,
      CommandIDs.deleteRuns,
      CommandIDs.copyRunIds
    ]) {
      palette?.addItem({ command, category: trans.__('Runs') });
    }
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

/** The commands about several runs: those that are named, or those that are selected. */
export function addRunCommands(
  context: IExecContext,
  selection: Selection
): void {
  const { commands, model, trans } = context;
  const isActive = (id: string) => {
    const run = model.store.get(id);
    return run !== undefined && !isTerminal(run.status);
  };
  const idsOf = ({ runIds }: ReadonlyPartialJSONObject): readonly string[] =>
    Array.isArray(runIds) ? runIds.map(String) : selection.ids;
  /** What asks and acts, with its dialogs; not needed for the first paint. */
  const actions = () =>
    loaded(model.requester, () => import('../sidebar/runs/actions'));
  const add = (
    command: string,
    labelOf: (ids: readonly string[]) => string,
    // In the palette, where no run is named.
    ofSelected: string,
    act: (ids: readonly string[]) => Promise<void>,
    fits: (id: string) => boolean = () => true
  ) =>
    commands.addCommand(command, {
      label: args =>
        args['runIds'] === undefined ? ofSelected : labelOf(idsOf(args)),
      describedBy: DESCRIBED,
      isEnabled: args => idsOf(args).some(fits),
      execute: args => orNotify(context, () => act(idsOf(args)))
    });

  add(
    CommandIDs.cancelRuns,
    ids =>
      ids.length > 1
        ? trans.__('Cancel %1 Runs', ids.filter(isActive).length)
        : trans.__('Cancel Run'),
    trans.__('Cancel Selected Runs'),
    async ids => (await actions()).cancelRuns(context, ids),
    isActive
  );
  add(
    CommandIDs.deleteRuns,
    ids =>
      ids.length > 1
        ? trans.__('Delete %1 Runs…', ids.length)
        : trans.__('Delete Run…'),
    trans.__('Delete Selected Runs…'),
    async ids => (await actions()).deleteRuns(context, ids)
  );
  add(
    CommandIDs.tagRuns,
    () => trans.__('Tag…'),
    trans.__('Tag Selected Runs…'),
    async ids => (await actions()).tagRuns(context, ids)
  );
  add(
    CommandIDs.copyRunIds,
    ids =>
      ids.length > 1 ? trans.__('Copy Run IDs') : trans.__('Copy Run ID'),
    trans.__('Copy Ids of Selected Runs'),
    async ids => Clipboard.copyToSystem(ids.join('\n'))
  );
  add(
    CommandIDs.pinRuns,
    ids =>
      ids.every(id => model.store.get(id)?.pinned)
        ? trans._n('Unpin Run', 'Unpin %1 Runs', ids.length)
        : trans._n('Pin Run', 'Pin %1 Runs', ids.length),
    trans.__('Pin or Unpin Selected Runs'),
    async ids => (await actions()).pinRuns(context, ids)
  );
  const several = [
    CommandIDs.pinRuns,
    CommandIDs.cancelRuns,
    CommandIDs.deleteRuns,
    CommandIDs.tagRuns,
    CommandIDs.copyRunIds
  ];
  selection.changed.connect(() =>
    several.forEach(command => commands.notifyCommandChanged(command))
  );
}
