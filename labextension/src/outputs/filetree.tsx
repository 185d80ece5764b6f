import {
  caretDownIcon,
  caretRightIcon,
  fileIcon,
  folderIcon,
  LabIcon
} from '@jupyterlab/ui-components';
import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

import { IFolder, isFolder, ITreeRow, rowsOf } from '../drive/filelist';
import { fileServices } from '../drive/services';

/** Of `.jp-exec-filetree-row`. */
const ROW_PX = 26;
/** Larger folders begin closed. */
const OPEN_COUNT = 50;

/** Files as a tree that can be walked by keyboard; only what is visible is drawn. */
export interface IFileTreeProps {
  readonly root: IFolder;
  /** What the tree is called. */
  readonly label: string;
  readonly selected: string | null;
  readonly onSelect: (row: ITreeRow) => void;
  /** A file was double-clicked, or Enter pressed on it. */
  readonly onOpen?: (row: ITreeRow) => void;
  /** In the place of the icon of its type; null for the icon. */
  readonly icon?: (row: ITreeRow) => JSX.Element | null;
  /** What stands right of the name. */
  readonly columns?: (row: ITreeRow) => React.ReactNode;
}

export function FileTree(props: IFileTreeProps): JSX.Element {
  const { onOpen, onSelect, root, selected } = props;
  const [toggled, setToggled] = React.useState<ReadonlyMap<string, boolean>>(
    () => new Map(foldersOf(selected).map(path => [path, true]))
  );
  const rows = React.useMemo(
    () =>
      rowsOf(
        root,
        ({ path, count }) => toggled.get(path) ?? count <= OPEN_COUNT
      ),
    [root, toggled]
  );
  const box = React.useRef<HTMLDivElement>(null);
  const id = React.useId();
  const virtual = useVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_PX,
    getScrollElement: () => box.current,
    getItemKey: index => rows[index].path,
    overscan: 10
  });
  const current = rows.findIndex(row => row.path === selected);
  // What is selected at first may be far down.
  React.useLayoutEffect(() => {
    if (current >= 0) {
      reveal(box.current, current);
    }
  }, []);
  const toggle = (row: ITreeRow, open: boolean) =>
    setToggled(old => new Map(old).set(row.path, open));
  const open = (row: ITreeRow) =>
    row.isOpen === null ? onOpen?.(row) : toggle(row, !row.isOpen);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const found = actionOf(event, rows, current);
    if (found === null) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (found.toggle) {
      toggle(rows[current], !rows[current].isOpen);
    } else if (found.open) {
      open(rows[current]);
    } else if (rows[found.index] !== undefined) {
      onSelect(rows[found.index]);
      reveal(box.current, found.index);
    }
  };

  return (
    <div
      ref={box}
      className="jp-exec-filetree"
      role="tree"
      aria-label={props.label}
      aria-activedescendant={current >= 0 ? `${id}-${current}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          return (
            <div
              key={row.path}
              id={`${id}-${index}`}
              className="jp-exec-filetree-row"
              role="treeitem"
              aria-level={row.level}
              aria-posinset={row.position}
              aria-setsize={row.siblings}
              aria-expanded={row.isOpen ?? undefined}
              aria-selected={index === current}
              style={{ transform: `translateY(${start}px)` }}
              onClick={() => {
                onSelect(row);
                if (row.isOpen !== null) {
                  toggle(row, !row.isOpen);
                }
              }}
              onDoubleClick={() => row.isOpen === null && open(row)}
            >
              <Name row={row} icon={props.icon?.(row) ?? null} />
              {props.columns?.(row)}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The folders that a path is in. */
function foldersOf(path: string | null): string[] {
  const parts = path?.split('/').slice(0, -1) ?? [];
  return parts.map((_, depth) => parts.slice(0, depth + 1).join('/'));
}

/** Scroll as little as shows a row whole. */
function reveal(box: HTMLElement | null, index: number): void {
  if (box !== null) {
    const top = index * ROW_PX;
    const lowest = top + ROW_PX - box.clientHeight;
    box.scrollTop = Math.max(lowest, Math.min(top, box.scrollTop));
  }
}

function Name(props: { row: ITreeRow; icon: JSX.Element | null }): JSX.Element {
  const { row } = props;
  const Caret = row.isOpen ? caretDownIcon.react : caretRightIcon.react;
  const Icon = iconOf(row).react;
  return (
    <span
      className="jp-exec-filetree-name"
      style={{ paddingLeft: (row.level - 1) * 16 }}
    >
      {row.isOpen === null ? (
        <span className="jp-exec-filetree-caret" />
      ) : (
        <Caret tag="span" className="jp-exec-filetree-caret" />
      )}
      {props.icon ?? <Icon tag="span" className="jp-exec-filetree-icon" />}
      <span className="jp-exec-filetree-text" title={row.path}>
        {row.name}
      </span>
    </span>
  );
}

function iconOf(row: ITreeRow): LabIcon {
  if (isFolder(row.entry)) {
    return folderIcon;
  }
  const types = fileServices.registry?.getFileTypesForPath(row.name) ?? [];
  return types.find(type => type.icon)?.icon ?? fileIcon;
}

/** What a key does: go to another row, open or close the current one, or open its file. */
interface IAction {
  readonly index: number;
  readonly toggle?: boolean;
  readonly open?: boolean;
}

/** Source: the tree view pattern of the ARIA Authoring Practices Guide. */
function actionOf(
  event: React.KeyboardEvent,
  rows: readonly ITreeRow[],
  current: number
): IAction | null {
  const { key } = event;
  const row = rows[current];
  if (event.ctrlKey || event.metaKey || event.altKey || rows.length === 0) {
    return null;
  }
  switch (key) {
    case 'ArrowDown':
      return { index: Math.min(current + 1, rows.length - 1) };
    case 'ArrowUp':
      return { index: Math.max(current - 1, 0) };
    case 'Home':
      return { index: 0 };
    case 'End':
      return { index: rows.length - 1 };
    case 'PageDown':
      return { index: Math.min(current + 10, rows.length - 1) };
    case 'PageUp':
      return { index: Math.max(current - 10, 0) };
  }
  if (row !== undefined) {
    if (key === 'Enter' || key === ' ') {
      return { index: current, open: true };
    }
    if (key === 'ArrowRight' && row.isOpen !== null) {
      return row.isOpen
        ? { index: current + 1 }
        : { index: current, toggle: true };
    }
    if (key === 'ArrowLeft') {
      return row.isOpen
        ? { index: current, toggle: true }
        : { index: parentOf(rows, current) };
    }
  }
  return key.length === 1 ? { index: typed(rows, current, key) } : null;
}

function parentOf(rows: readonly ITreeRow[], current: number): number {
  for (let index = current - 1; index >= 0; index -= 1) {
    if (rows[index].level < rows[current].level) {
      return index;
    }
  }
  return current;
}

/** The next row whose name begins with a letter. */
function typed(
  rows: readonly ITreeRow[],
  current: number,
  letter: string
): number {
  for (let step = 1; step <= rows.length; step += 1) {
    const index = (current + step) % rows.length;
    if (rows[index].name.toLowerCase().startsWith(letter.toLowerCase())) {
      return index;
    }
  }
  return current;
}
