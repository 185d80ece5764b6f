import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { NOTEBOOK_VIEWER, notebookViewer } from '../drive/notebooks';

/** Executed notebooks, read-only; without it JupyterLab's own notebook shows them. */
export const notebooksPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-exec:notebooks',
  description: 'Shows the executed notebooks of runs, without a kernel.',
  autoStart: true,
  requires: [
    NotebookPanel.IContentFactory,
    IRenderMimeRegistry,
    IEditorServices
  ],
  optional: [ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    contentFactory: NotebookPanel.IContentFactory,
    rendermime: IRenderMimeRegistry,
    editors: IEditorServices,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter-exec');
    const factory = notebookViewer(
      app.docRegistry,
      { contentFactory, rendermime, editors },
      trans
    );
    app.docRegistry.addWidgetFactory(factory);
    const tracker = new WidgetTracker<NotebookPanel>({
      namespace: 'jupyter-exec-notebook'
    });
    factory.widgetCreated.connect((_, panel) => {
      panel.title.icon = app.docRegistry.getFileType('notebook')?.icon;
      panel.context.pathChanged.connect(() => void tracker.save(panel));
      void tracker.add(panel);
    });
    void restorer?.restore(tracker, {
      command: 'docmanager:open',
      args: panel => ({ path: panel.context.path, factory: NOTEBOOK_VIEWER }),
      name: panel => panel.context.path
    });
  }
};
