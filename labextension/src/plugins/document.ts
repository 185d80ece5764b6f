import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  InputDialog,
  MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import {
  ITranslator,
  nullTranslator,
  type TranslationBundle
} from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import { orNotify } from '../components/failure';
import type { RunDocument } from '../document/rundocument';
import { loaded } from '../server/failures';
import { IExec } from '../tokens';
import { showDocument } from './area';
import { addRunCommands } from './runcommands';

type Tracker = WidgetTracker<MainAreaWidget<RunDocument>>;

/** Runs as documents of the main area, and what can be done with one. */
export const documentPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-exec:document',
  description:
    'Opens a run as a tab of the main area; cancels, repeats, deletes runs.',
  autoStart: true,
  requires: [IExec],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: IExec,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter-exec');
    const tracker: Tracker = new WidgetTracker({
      namespace: 'jupyter-exec-run'
    });
    const current = (): string | undefined =>
      tracker.currentWidget !== null &&
      tracker.currentWidget === app.shell.currentWidget
        ? tracker.currentWidget.content.runId
        : undefined;
    addOpen(app, model, tracker, trans);
    addRunCommands({ app, model, trans, current });
    tracker.currentChanged.connect(() => {
      app.commands.notifyCommandChanged();
    });
    const category = trans.__('Runs');
    for (const command of [
      CommandIDs.openRun,
      CommandIDs.cancelRun,
      CommandIDs.rerun,
      CommandIDs.pinRun,
      CommandIDs.openFolder,
      CommandIDs.openTensorBoard,
      CommandIDs.copyRunId,
      CommandIDs.deleteRun
    ]) {
      palette?.addItem({ command, category });
    }
    void restorer?.restore(tracker, {
      command: CommandIDs.openRun,
      args: widget => ({
        runId: widget.content.runId,
        tab: widget.content.tab
      }),
      name: widget => widget.content.runId
    });
  }
};

function addOpen(
  app: JupyterFrontEnd,
  model: IExec,
  tracker: Tracker,
  trans: TranslationBundle
): void {
  // Two calls at the same time open one document.
  const opening = new Map<string, Promise<MainAreaWidget<RunDocument>>>();
  const make = async (runId: string, tab: string | undefined) => {
    const { RunDocument } = await loaded(
      model.requester,
      () => import('../document/rundocument')
    );
    const context = { model, trans, commands: app.commands };
    const content = new RunDocument(context, runId, tab);
    const widget = new MainAreaWidget({ content });
    widget.toolbar.hide();
    content.tabChanged.connect(() => void tracker.save(widget));
    await tracker.add(widget);
    return widget;
  };
  app.commands.addCommand(CommandIDs.openRun, {
    label: args =>
      args['runId'] === undefined
        ? trans.__('Open Run…')
        : trans.__('Open Run'),
    caption: trans.__('Show what a run is, does and has left'),
    describedBy: {
      args: {
        type: 'object',
        properties: { runId: { type: 'string' }, tab: { type: 'string' } }
      }
    },
    execute: args =>
      orNotify({ model, trans }, async () => {
        const runId = await idOf(args, trans);
        const tab = args['tab'] === undefined ? undefined : String(args['tab']);
        if (runId === null) {
          return;
        }
        let widget = tracker.find(known => known.content.runId === runId);
        if (widget === undefined) {
          const made = opening.get(runId) ?? make(runId, tab);
          opening.set(runId, made);
          widget = await made.finally(() => opening.delete(runId));
        } else if (tab !== undefined) {
          widget.content.tab = tab;
        }
        showDocument(app.shell, widget);
      })
  });
}

/** The id that was given, or is asked for; null where nobody gives one. */
async function idOf(
  args: ReadonlyPartialJSONObject,
  trans: TranslationBundle
): Promise<string | null> {
  if (args['runId'] !== undefined) {
    const runId = String(args['runId']).trim();
    if (runId === '') {
      throw new Error(trans.__('No run can be opened without its id.'));
    }
    return runId;
  }
  const answer = await InputDialog.getText({
    title: trans.__('Open a run'),
    label: trans.__('Run id'),
    okLabel: trans.__('Open')
  });
  return answer.button.accept && answer.value ? answer.value.trim() : null;
}
