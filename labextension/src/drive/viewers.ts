import { DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';
import { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { BoxLayout } from '@lumino/widgets';

import type { IExecContext } from '../components/context';
import { orNotify } from '../components/failure';
import { loaded } from '../server/failures';
import type { ReadOnlyDrive } from './drive';
import { OutputsDrive } from './drives';
import { NOTEBOOK_VIEWER } from './notebooks';

/** Our viewer of notebooks, and JupyterLab's own of everything. */
export const VIEWERS: readonly string[] = [
  NOTEBOOK_VIEWER,
  'Notebook',
  'Editor',
  'CSVTable',
  'TSVTable',
  'Image',
  'Markdown Preview',
  'HTML Viewer',
  'JSON',
  'JSONLines',
  'GeoJSON',
  'PDF',
  'Vega5',
  'VegaLite5',
  'VegaLite6',
  'Vega6'
];

/** Shows above every document of our drives where it comes from, and lets nobody change it. */
export class FileViewers implements DocumentRegistry.WidgetExtension {
  constructor(
    private readonly _context: IExecContext,
    private readonly _contents: Contents.IManager,
    private readonly _drives: readonly ReadOnlyDrive[]
  ) {}

  createNew(
    widget: DocumentWidget,
    context: DocumentRegistry.Context
  ): IDisposable | void {
    const name = this._contents.driveName(context.path);
    const drive = this._drives.find(each => each.name === name);
    if (drive === undefined) {
      return;
    }
    if (widget instanceof NotebookPanel) {
      readOnlyNotebook(widget, context);
    }
    void context.ready.then(() => {
      if (!widget.isDisposed) {
        readOnlyEditor(widget);
        void this._addBanner(widget, context.path, drive);
      }
    });
    return new DisposableDelegate(() => undefined);
  }

  private async _addBanner(
    widget: DocumentWidget,
    path: string,
    drive: ReadOnlyDrive
  ): Promise<void> {
    const code = await orNotify(this._context, () =>
      loaded(this._context.model.requester, () => import('./banner'))
    );
    if (code === undefined || widget.isDisposed) {
      return;
    }
    const local = this._contents.localPath(path);
    const banner = new code.FileBanner(this._context, {
      path,
      runId: drive instanceof OutputsDrive ? local.split('/')[0] : null,
      extent: drive.extent(local)
    });
    BoxLayout.setStretch(banner, 0);
    widget.contentHeader.addWidget(banner);
  }
}

/** No kernel is started for it, and no cell can be changed or executed. */
function readOnlyNotebook(
  panel: NotebookPanel,
  context: DocumentRegistry.Context
): void {
  const session = context.sessionContext;
  session.kernelPreference = {
    ...session.kernelPreference,
    shouldStart: false,
    canStart: false,
    autoStartDefault: false
  };
  panel.toolbar.hide();
  panel.addClass('jp-exec-read-only');
  const close = () => {
    for (const cell of panel.content.widgets) {
      cell.readOnly = true;
    }
  };
  panel.content.modelContentChanged.connect(close);
  void context.ready.then(close);
}

/** An editor of text: what has a CodeMirror of its own. */
interface IEditing {
  readonly editor: { setOption(option: 'readOnly', value: boolean): void };
}

function readOnlyEditor({ content }: DocumentWidget): void {
  const editing = content as Partial<IEditing>;
  if (typeof editing.editor?.setOption === 'function') {
    editing.editor.setOption('readOnly', true);
  }
}
