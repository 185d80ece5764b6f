import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import type { RunDocument } from '../document/rundocument';
import { IExec } from '../tokens';

/** Runs as documents of the main area. */
export const documentPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-exec:document',
  description: 'Opens a run as a tab of the main area.',
  autoStart: true,
  requires: [IExec],
  optional: [ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    model: IExec,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter-exec');
    const tracker = new WidgetTracker<MainAreaWidget<RunDocument>>({
      namespace: 'jupyter-exec-run'
    });
    app.commands.addCommand(CommandIDs.openRun, {
      label: trans.__('Open Run'),
      execute: async args => {
        const runId = String(args['runId']);
        const tab = args['tab'] === undefined ? undefined : String(args['tab']);
        let widget = tracker.find(known => known.content.runId === runId);
        if (widget === undefined) {
          const { RunDocument } = await import('../document/rundocument');
          const context = { model, trans, commands: app.commands };
          const content = new RunDocument(context, runId, tab);
          widget = new MainAreaWidget({ content });
          content.tabChanged.connect(() => tracker.save(widget!));
          await tracker.add(widget);
        } else if (tab !== undefined) {
          widget.content.tab = tab;
        }
        if (!widget.isAttached) {
          app.shell.add(widget, 'main');
        }
        app.shell.activateById(widget.id);
      }
    });
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
