import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import type { CompareDocument } from '../compare/comparedocument';
import { orNotify } from '../components/failure';
import { loaded } from '../server/failures';
import { IExec } from '../tokens';
import { showDocument } from './area';

/** Runs side by side as a document of the main area. */
export const comparePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-exec:compare',
  description: 'Compares runs: parameters, metrics, environments, code.',
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
    const tracker = new WidgetTracker<MainAreaWidget<CompareDocument>>({
      namespace: 'jupyter-exec-compare'
    });
    app.commands.addCommand(CommandIDs.compare, {
      label: trans.__('Compare Runs'),
      caption: trans.__('Parameters, metrics, environments and code of runs'),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            runIds: { type: 'array', items: { type: 'string' } },
            id: {
              type: 'string',
              description: 'of the document, to restore it'
            }
          }
        }
      },
      execute: async args => {
        const given = args['runIds'];
        const runIds = Array.isArray(given) ? given.map(String) : [];
        const id = String(args['id'] ?? `jp-exec-compare-${UUID.uuid4()}`);
        const same = tracker.find(
          widget =>
            runIds.length > 0 &&
            sorted(widget.content.comparison.runIds) === sorted(runIds)
        );
        if (same !== undefined) {
          showDocument(app.shell, same);
          return;
        }
        const context = { model, trans, commands: app.commands };
        const code = await orNotify(context, () =>
          loaded(model.requester, () => import('../compare/comparedocument'))
        );
        if (code === undefined) {
          return;
        }
        const { CompareDocument } = code;
        const content = new CompareDocument(context, runIds, `${id}-content`);
        const widget = new MainAreaWidget({ content });
        widget.toolbar.hide();
        widget.id = id;
        content.comparison.idsChanged.connect(() => tracker.save(widget));
        await tracker.add(widget);
        showDocument(app.shell, widget);
      }
    });
    palette?.addItem({
      command: CommandIDs.compare,
      category: trans.__('Runs')
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.compare,
      args: widget => ({
        runIds: widget.content.comparison.runIds,
        id: widget.id
      }),
      name: widget => widget.id
    });
  }
};

function sorted(ids: readonly string[]): string {
  return JSON.stringify([...ids].sort());
}
