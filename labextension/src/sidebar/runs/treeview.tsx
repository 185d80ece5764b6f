import { useVirtualizer, Virtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

import { useExec } from '../../components/context';
import { useSignal } from '../../components/hooks';
import type { ITreeRow } from '../../model/runbranch';
import type { RunTree } from '../../model/runtree';
import type { Selection } from '../../model/selection';
import { GroupRow, IRowProps, MoreRow, RunRow } from './row';
import { useTreeActions } from './treeactions';

/** In pixels. */
const HEIGHTS: Readonly<Record<ITreeRow['kind'], number>> = {
  group: 28,
  run: 44,
  loading: 32,
  none: 28,
  failure: 120
};
const MINUTE_MS = 60_000;

/** The tree of runs: only the rows that are seen exist in the page. */
export default function TreeView(props: {
  tree: RunTree;
  selection: Selection;
}): JSX.Element {
  const { tree, selection } = props;
  const { trans } = useExec();
  const version = useSignal(tree.changed);
  useSignal(selection.changed);
  const scroller = React.useRef<HTMLDivElement>(null);
  const prefix = React.useId();
  // Another function makes it measure all rows anew, so it is another only when rows have changed.
  const getItemKey = React.useCallback(
    (index: number) => index,
    [tree, version]
  );
  const virtual = useVirtualizer({
    count: tree.length,
    getScrollElement: () => scroller.current,
    estimateSize: index => HEIGHTS[tree.kind(index) ?? 'run'],
    getItemKey,
    overscan: 6
  });
  useSteady(tree, version, virtual, scroller);
  const { active, ...handlers } = useTreeActions({
    tree,
    selection,
    version,
    show: index => virtual.scrollToIndex(index, { align: 'auto' })
  });
  const minute = useMinute();
  const items = virtual.getVirtualItems();
  const isActiveShown = items.some(({ index }) => index === active);
  return (
    <div
      ref={scroller}
      className="jp-exec-tree"
      role="tree"
      tabIndex={0}
      aria-label={trans.__('Runs')}
      aria-multiselectable="true"
      aria-activedescendant={isActiveShown ? `${prefix}-${active}` : undefined}
      data-selecting={selection.size > 0}
      {...handlers}
    >
      <div role="presentation" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start, size }) => {
          const row = tree.row(index);
          return row === undefined ? null : (
            <Row
              key={row.key}
              place={{
                domId: `${prefix}-${index}`,
                index,
                top: start,
                height: size,
                level: row.level,
                position: row.position,
                size: row.size,
                isActive: index === active
              }}
              {...{ tree, row, minute }}
              isSelected={row.kind === 'run' && selection.has(row.id)}
            />
          );
        })}
      </div>
    </div>
  );
}

function Row(props: {
  place: IRowProps;
  tree: RunTree;
  row: ITreeRow;
  isSelected: boolean;
  minute: number;
}): JSX.Element | null {
  const { place, tree, row } = props;
  if (row.kind === 'run') {
    return (
      <RunRow
        {...place}
        runId={row.id}
        isExpanded={row.isExpanded}
        isSelected={props.isSelected}
        hasExperiment={!row.branch?.list.filter.experiment}
        minute={props.minute}
      />
    );
  }
  if (row.kind === 'group') {
    const experiment = tree.experiment(row.id);
    return experiment === undefined ? null : (
      <GroupRow
        {...place}
        experiment={experiment}
        isExpanded={row.isExpanded}
      />
    );
  }
  return <MoreRow {...place} tree={tree} row={row} />;
}

/** Keep what is seen where it is when rows come or go above it. */
function useSteady(
  tree: RunTree,
  version: number,
  virtual: Virtualizer<HTMLDivElement, Element>,
  scroller: React.RefObject<HTMLDivElement>
): void {
  const seen = React.useRef<{ row: ITreeRow; start: number } | null>(null);
  React.useLayoutEffect(() => {
    const before = seen.current;
    const node = scroller.current;
    if (before === null || node === null || node.scrollTop === 0) {
      return;
    }
    const index = tree.indexOf(before.row);
    const now = index === -1 ? undefined : virtual.measurementsCache[index];
    if (now !== undefined && now.start !== before.start) {
      node.scrollTop += now.start - before.start;
    }
  }, [tree, version]);
  React.useLayoutEffect(() => {
    const top = scroller.current?.scrollTop ?? 0;
    const first = virtual.getVirtualItems().find(item => item.end > top);
    const row = first && tree.row(first.index);
    seen.current = first && row ? { row, start: first.start } : null;
  });
}

/** A number that changes once a minute. */
function useMinute(): number {
  const [minute, setMinute] = React.useState(0);
  React.useEffect(() => {
    const timer = setInterval(() => setMinute(value => value + 1), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return minute;
}
