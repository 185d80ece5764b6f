import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

import { textOf } from '../charts/axis';
import { formatValue } from '../charts/number';
import { useExec } from '../components/context';
import { formatDuration } from '../components/format';
import { StatusIcon, statusText } from '../components/status';
import type { SweepTrial } from '../types';
import { sortTrials, valueOf } from './trialsmodel';

const ROW = 28;
const WIDTHS: Readonly<Record<string, number>> = {
  number: 72,
  status: 150,
  metric: 110,
  elapsed: 90,
  error: 260
};

/** How the table is sorted. */
interface ISort {
  readonly column: string;
  readonly descending: boolean;
}

/** The trials of a sweep as a table: sorted by any column, thousands without slowing down. */
export function TrialTable(props: {
  trials: readonly SweepTrial[];
  parameters: readonly string[];
  metric: string | null;
  best: string | null;
  now: number;
  hovered: string | null;
  selected: ReadonlySet<string>;
  onSelect: (ids: ReadonlySet<string>) => void;
  onHover: (id: string | null) => void;
  onOpen: (id: string) => void;
}): JSX.Element {
  const { trans } = useExec();
  const { trials, parameters, selected } = props;
  const [sort, setSort] = React.useState<ISort>({
    column: 'number',
    descending: false
  });
  const sorted = React.useMemo(
    () => sortTrials(trials, sort.column, sort.descending, props.now),
    [trials, sort, sort.column === 'elapsed' ? props.now : 0]
  );
  const hasErrors = trials.some(trial => trial.error !== null);
  const columns = [
    { id: 'number', label: trans.__('Trial') },
    { id: 'status', label: trans.__('State') },
    ...parameters.map(name => ({ id: `params.${name}`, label: name })),
    ...(props.metric ? [{ id: 'metric', label: props.metric }] : []),
    { id: 'elapsed', label: trans.__('Elapsed') },
    ...(hasErrors ? [{ id: 'error', label: trans.__('Error') }] : [])
  ];
  const scroller = React.useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12
  });
  const items = virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items[items.length - 1]?.end ?? 0);
  const isAll = trials.length > 0 && trials.every(t => selected.has(t.runId));
  const width = columns.reduce((sum, { id }) => sum + (WIDTHS[id] ?? 120), 36);
  return (
    <div
      ref={scroller}
      className="jp-exec-trials-table"
      style={{ height: Math.min(sorted.length, 16) * ROW + 34 }}
      tabIndex={0}
      role="region"
      aria-label={trans.__('Trials')}
    >
      <table
        className="jp-exec-table"
        style={{ minWidth: width }}
        aria-rowcount={sorted.length + 1}
      >
        <colgroup>
          <col style={{ width: 36 }} />
          {columns.map(({ id }) => (
            <col key={id} style={{ width: WIDTHS[id] }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            <th scope="col">
              <input
                type="checkbox"
                aria-label={trans.__('Select all')}
                checked={isAll}
                onChange={() =>
                  props.onSelect(
                    new Set(isAll ? [] : trials.map(trial => trial.runId))
                  )
                }
              />
            </th>
            {columns.map(({ id, label }) => (
              <Header
                key={id}
                label={label}
                sort={sort.column === id ? sort : null}
                onSort={() =>
                  setSort({
                    column: id,
                    descending: sort.column === id && !sort.descending
                  })
                }
              />
            ))}
          </tr>
        </thead>
        <tbody>
          <tr aria-hidden style={{ height: above }} />
          {items.map(item => (
            <Row
              key={sorted[item.index].runId}
              {...props}
              index={item.index}
              trial={sorted[item.index]}
              columns={columns.map(({ id }) => id)}
            />
          ))}
          <tr aria-hidden style={{ height: below }} />
        </tbody>
      </table>
    </div>
  );
}

function Header(props: {
  label: string;
  sort: ISort | null;
  onSort: () => void;
}): JSX.Element {
  const { label, sort } = props;
  return (
    <th
      scope="col"
      aria-sort={
        sort === null ? 'none' : sort.descending ? 'descending' : 'ascending'
      }
    >
      <button
        className="jp-exec-trials-sort"
        title={label}
        onClick={props.onSort}
      >
        <span>{label}</span>
        <span aria-hidden>
          {sort === null ? '' : sort.descending ? '▾' : '▴'}
        </span>
      </button>
    </th>
  );
}

function Row(props: {
  index: number;
  trial: SweepTrial;
  columns: readonly string[];
  best: string | null;
  now: number;
  hovered: string | null;
  selected: ReadonlySet<string>;
  onSelect: (ids: ReadonlySet<string>) => void;
  onHover: (id: string | null) => void;
  onOpen: (id: string) => void;
}): JSX.Element {
  const { trans } = useExec();
  const { trial, selected } = props;
  const isSelected = selected.has(trial.runId);
  const toggle = () => {
    const next = new Set(selected);
    if (!next.delete(trial.runId)) {
      next.add(trial.runId);
    }
    props.onSelect(next);
  };
  return (
    <tr
      aria-rowindex={props.index + 2}
      aria-selected={isSelected}
      data-best={trial.runId === props.best || undefined}
      data-hovered={trial.runId === props.hovered || undefined}
      onPointerEnter={() => props.onHover(trial.runId)}
      onPointerLeave={() => props.onHover(null)}
      onClick={() => props.onOpen(trial.runId)}
    >
      <td onClick={event => event.stopPropagation()}>
        <input
          type="checkbox"
          aria-label={trans.__('Select trial %1', trial.number)}
          checked={isSelected}
          onChange={toggle}
        />
      </td>
      {props.columns.map(column => (
        <td key={column} title={titleOf(trial, column)}>
          <Cell {...props} column={column} />
        </td>
      ))}
    </tr>
  );
}

function titleOf(trial: SweepTrial, column: string): string | undefined {
  return column === 'error' || column.startsWith('params.')
    ? textOf(valueOf(trial, column, 0))
    : undefined;
}

function Cell(props: {
  trial: SweepTrial;
  column: string;
  best: string | null;
  now: number;
  onOpen: (id: string) => void;
}): JSX.Element {
  const { trans } = useExec();
  const { trial, column } = props;
  const value = valueOf(trial, column, props.now);
  switch (column) {
    case 'number':
      return (
        <>
          <button
            className="jp-exec-trials-open"
            aria-label={trans.__('Open trial %1', trial.number)}
            onClick={event => {
              event.stopPropagation();
              props.onOpen(trial.runId);
            }}
          >
            {trial.number}
          </button>
          {trial.runId === props.best && (
            <span
              role="img"
              aria-label={trans.__('Best')}
              title={trans.__('Best')}
            >
              ★
            </span>
          )}
        </>
      );
    case 'status':
      return (
        <span className="jp-exec-trials-state">
          <StatusIcon status={trial.status} />
          {trial.stoppedEarly
            ? trans.__('Stopped early')
            : statusText(trans, trial.status)}
        </span>
      );
    case 'metric':
      return <>{typeof value === 'number' ? formatValue(value) : '–'}</>;
    case 'elapsed':
      return <>{typeof value === 'number' ? formatDuration(value) : ''}</>;
    default:
      return <>{value === null ? '' : textOf(value)}</>;
  }
}
