import { MessageLoop } from '@lumino/messaging';
import * as React from 'react';

import { CommandIDs } from '../../commands';
import { useExec } from '../../components/context';
import type { ITreeRow } from '../../model/runbranch';
import type { RunTree } from '../../model/runtree';
import type { Selection } from '../../model/selection';
import { openRunMenu } from './menu';

/** How many rows the keys Page Up and Page Down go. */
const PAGE_ROWS = 10;
/** As many as one action takes. */
const MOST = 1000;

/** What a person does to the tree, by pointer and by keys; for the element with the role "tree". */
export interface ITreeActions {
  /** The index of the row that has the keyboard; -1 = none. */
  readonly active: number;
  readonly onClick: (event: React.MouseEvent<HTMLElement>) => void;
  readonly onContextMenu: (event: React.MouseEvent<HTMLElement>) => void;
  readonly onKeyDown: (event: React.KeyboardEvent) => void;
  readonly onFocus: () => void;
}

/** The actions of the tree. Source: the ARIA Authoring Practices Guide, "Tree View". */
export function useTreeActions(options: {
  tree: RunTree;
  selection: Selection;
  version: number;
  show: (index: number) => void;
}): ITreeActions {
  const { tree, selection, version, show } = options;
  const { commands } = useExec();
  const [row, setRow] = React.useState<ITreeRow | null>(null);
  const anchor = React.useRef<ITreeRow | null>(null);
  const active = React.useMemo(
    () => (row === null ? -1 : tree.indexOf(row)),
    [tree, version, row]
  );

  const go = (index: number, isExtending = false) => {
    const to = Math.max(0, Math.min(tree.length - 1, index));
    const next = tree.row(to);
    if (next !== undefined) {
      setRow(next);
      show(to);
      if (isExtending) {
        extend(to);
      } else {
        anchor.current = next;
      }
    }
  };
  const extend = (to: number) => {
    const from = anchor.current === null ? to : tree.indexOf(anchor.current);
    const start = from === -1 ? to : from;
    const [first, last] = [Math.min(start, to), Math.max(start, to)];
    selection.add(tree.runsBetween(first, last));
  };
  const open = (to: ITreeRow) => {
    if (to.kind === 'run') {
      void commands.execute(CommandIDs.openRun, { runId: to.id });
    } else if (to.isExpandable) {
      tree.toggle(to);
    }
  };
  const chosen = (to: ITreeRow | undefined): string[] => {
    const isOne = to?.kind === 'run' && !selection.has(to.id);
    return isOne ? [to.id] : [...selection.ids];
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    const current = active === -1 ? undefined : tree.row(active);
    const isExtending = event.shiftKey;
    const keys: Record<string, () => void> = {
      ArrowDown: () => go(active + 1, isExtending),
      ArrowUp: () => go(active - 1, isExtending),
      PageDown: () => go(active + PAGE_ROWS, isExtending),
      PageUp: () => go(active - PAGE_ROWS, isExtending),
      Home: () => go(0, isExtending),
      End: () => go(tree.length - 1, isExtending),
      ArrowRight: () => {
        if (current?.isExpandable) {
          return current.isExpanded ? go(active + 1) : tree.toggle(current);
        }
      },
      ArrowLeft: () => {
        if (current?.isExpandable && current.isExpanded) {
          tree.toggle(current);
        } else if (current && current.level > 1) {
          go(parentOf(tree, active, current.level));
        }
      },
      Enter: () => current && open(current),
      ' ': () => {
        if (current?.kind === 'run') {
          selection.toggle(current.id);
          anchor.current = current;
        } else if (current?.isExpandable) {
          tree.toggle(current);
        }
      },
      Delete: () => {
        const runIds = chosen(current);
        if (runIds.length > 0) {
          void commands.execute(CommandIDs.deleteRuns, { runIds });
        }
      },
      Escape: () => selection.clear()
    };
    if (event.target !== event.currentTarget) {
      return;
    }
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && event.key.toLowerCase() === 'a') {
      const last = Math.min(tree.length, MOST) - 1;
      selection.add(tree.runsBetween(0, last));
    } else if (!isCommand && !event.altKey && event.key in keys) {
      keys[event.key]();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  /** Show a run's document, and keep the keyboard here, so that the arrows go on from this row. */
  const peek = async (to: ITreeRow, list: HTMLElement) => {
    await commands.execute(CommandIDs.openRun, { runId: to.id });
    // The document takes the keyboard when it gets the message; here it comes back after that.
    MessageLoop.flush();
    list.focus({ preventScroll: true });
  };

  const onClick = (event: React.MouseEvent<HTMLElement>) => {
    const [index, to] = rowAt(tree, event.target);
    if (to === undefined) {
      return;
    }
    const part = partOf(event.target);
    setRow(to);
    if (event.shiftKey) {
      extend(index);
      return;
    }
    anchor.current = to;
    if (part === 'caret') {
      tree.toggle(to);
    } else if (
      to.kind === 'run' &&
      (part === 'check' || event.ctrlKey || event.metaKey)
    ) {
      selection.toggle(to.id);
    } else if (to.kind === 'run') {
      void peek(to, event.currentTarget);
    } else {
      open(to);
    }
  };

  const onContextMenu = (event: React.MouseEvent<HTMLElement>) => {
    if (event.shiftKey) {
      return;
    }
    const [, pointed] = rowAt(tree, event.target);
    const to = pointed ?? (active === -1 ? undefined : tree.row(active));
    if (to?.kind === 'run') {
      event.preventDefault();
      event.stopPropagation();
      setRow(to);
      const isMany = selection.has(to.id) && selection.size > 1;
      const place = pointed ? null : boxOf(event.currentTarget, active);
      const x = place ? place.left + 24 : event.clientX;
      const y = place ? place.bottom : event.clientY;
      openRunMenu(commands, isMany ? selection.ids : [to.id], x, y);
    }
  };

  const onFocus = () => {
    if (active === -1 && tree.length > 0) {
      setRow(tree.row(0) ?? null);
    }
  };
  return { active, onClick, onContextMenu, onKeyDown, onFocus };
}

function parentOf(tree: RunTree, index: number, level: number): number {
  for (let above = index - 1; above >= 0; above--) {
    if ((tree.row(above)?.level ?? 0) < level) {
      return above;
    }
  }
  return index;
}

function rowAt(
  tree: RunTree,
  target: EventTarget
): [number, ITreeRow | undefined] {
  const node = target as HTMLElement;
  const item = node.closest<HTMLElement>('[role="treeitem"]');
  if (item === null || node.closest('button, a') !== null) {
    return [-1, undefined];
  }
  const index = Number(item.dataset['index']);
  return [index, tree.row(index)];
}

function partOf(target: EventTarget): string | undefined {
  const part = (target as HTMLElement).closest<HTMLElement>('[data-part]');
  return part?.dataset['part'];
}

function boxOf(tree: HTMLElement, index: number): DOMRect | null {
  const item = tree.querySelector(`[data-index="${index}"]`);
  return item?.getBoundingClientRect() ?? null;
}
