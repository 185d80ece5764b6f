import type { JupyterFrontEnd } from '@jupyterlab/application';
import { SplitPanel, type Widget } from '@lumino/widgets';

/** What the shell of Notebook 7 has besides. */
interface IWithRightArea {
  expandRight(id: string): void;
}

/** The share of the width that a document beside the main area gets at first. */
const SHARE = 0.45;

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
  const isNew = !widget.isAttached;
  if (isNew) {
    shell.add(widget, takesMore ? 'main' : 'right');
  }
  if (!takesMore && 'expandRight' in shell) {
    (shell as unknown as IWithRightArea).expandRight(widget.id);
    if (isNew) {
      widen(widget);
    }
  }
  shell.activateById(widget.id);
}

/** Make the part of the page that a widget is in wide enough to be read. */
function widen(widget: Widget): void {
  let part = widget;
  while (part.parent !== null && !(part.parent instanceof SplitPanel)) {
    part = part.parent;
  }
  const split = part.parent;
  if (split instanceof SplitPanel && split.orientation === 'horizontal') {
    const index = split.widgets.indexOf(part);
    const sizes = split.relativeSizes();
    const rest = 1 - sizes[index];
    if (sizes[index] < SHARE && rest > 0) {
      split.setRelativeSizes(
        sizes.map((size, each) =>
          each === index ? SHARE : (size / rest) * (1 - SHARE)
        )
      );
    }
  }
}
