import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { Widget } from '@lumino/widgets';

/** What the shell of Notebook 7 has besides. */
interface IWithRightArea {
  expandRight(id: string): void;
}

/**
 * Show a document: in the main area, or beside it where the main area takes only the page's own
 * document, as that of Notebook 7 does.
 */
export function showDocument(
  shell: JupyterFrontEnd.IShell,
  widget: Widget
): void {
  const isLab = 'mode' in shell;
  const takesMore = isLab || shell.widgets('main').next().done === true;
  if (!widget.isAttached) {
    widget.toggleClass('jp-exec-beside', !takesMore);
    shell.add(widget, takesMore ? 'main' : 'right');
  }
  if (widget.hasClass('jp-exec-beside') && 'expandRight' in shell) {
    (shell as unknown as IWithRightArea).expandRight(widget.id);
  }
  shell.activateById(widget.id);
}
