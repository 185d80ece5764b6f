import type { IEditorServices } from '@jupyterlab/codeeditor';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import {
  NotebookPanel,
  NotebookWidgetFactory,
  StaticNotebook
} from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';

/** The name of the viewer of executed notebooks. */
export const NOTEBOOK_VIEWER = 'Run Notebook';

/** What a viewer of notebooks is made of. */
export interface INotebookParts {
  readonly contentFactory: NotebookPanel.IContentFactory;
  readonly rendermime: IRenderMimeRegistry;
  readonly editors: IEditorServices;
}

/**
 * A viewer of notebooks that have been executed.
 *
 * It is not among the notebooks that JupyterLab's commands and other extensions act on, so that
 * nothing starts a kernel for it or changes its cells.
 */
export function notebookViewer(
  registry: DocumentRegistry,
  parts: INotebookParts,
  trans: TranslationBundle
): NotebookWidgetFactory {
  // A type that no file has: JupyterLab does not offer this viewer for other notebooks.
  registry.addFileType({
    name: 'exec-notebook',
    contentType: 'notebook',
    fileFormat: 'json'
  });
  const { code, markdown, raw } = StaticNotebook.defaultEditorConfig;
  const readOnly = { readOnly: true, tabFocusable: true };
  return new NotebookWidgetFactory({
    name: NOTEBOOK_VIEWER,
    label: trans.__('Notebook of a run'),
    fileTypes: ['exec-notebook'],
    modelName: 'notebook',
    preferKernel: false,
    canStartKernel: false,
    readOnly: true,
    rendermime: parts.rendermime,
    contentFactory: parts.contentFactory,
    mimeTypeService: parts.editors.mimeTypeService,
    editorConfig: {
      code: { ...code, ...readOnly },
      markdown: { ...markdown, ...readOnly },
      raw: { ...raw, ...readOnly }
    },
    toolbarFactory: () => []
  });
}
