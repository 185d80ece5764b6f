import '../../style/charts.css';

import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

import { useExec } from '../components/context';
import { formatValue } from './number';
import { download, toCsv } from './csv';
import { placeText } from './legend';
import type { ISeries, XKind } from './series';

interface ILine {
  readonly name: string;
  readonly series: ISeries;
}

const ROW = 24;

/** Lines as rows: a place of the horizontal axis, and the value of each line there. */
export function rowsOf(
  lines: readonly ILine[]
): readonly (readonly (number | undefined)[])[] {
  const rows: (number | undefined)[][] = [];
  const at = lines.map(() => 0);
  for (;;) {
    let x = Infinity;
    lines.forEach(({ series }, i) => {
      x = at[i] < series.x.length ? Math.min(x, series.x[at[i]]) : x;
    });
    if (x === Infinity) {
      return rows;
    }
    const row: (number | undefined)[] = [x];
    lines.forEach(({ series }, i) => {
      row.push(series.x[at[i]] === x ? series.y[at[i]++] : undefined);
    });
    rows.push(row);
  }
}

/** Let the browser save all points of some lines. */
export function downloadLines(
  title: string,
  lines: readonly ILine[],
  xKind: XKind
): void {
  const header = [xKind === 'time' ? 'seconds' : 'step'];
  const names = lines.length === 1 ? [title] : lines.map(line => line.name);
  download(`${title}.csv`, toCsv([...header, ...names], rowsOf(lines)));
}

/** The points of a chart as a table, for those who do not see it, or want to copy. */
export function PointTable(props: {
  title: string;
  lines: readonly ILine[];
  xKind: XKind;
  height: number;
}): JSX.Element {
  const { trans } = useExec();
  const { lines, xKind } = props;
  const rows = React.useMemo(() => rowsOf(lines), [lines]);
  const scroller = React.useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 10
  });
  const items = virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items[items.length - 1]?.end ?? 0);
  const single = lines.length === 1;
  return (
    <div
      ref={scroller}
      className="jp-exec-chart-table"
      style={{ height: props.height }}
      tabIndex={0}
      role="region"
      aria-label={trans.__('Points of %1', props.title)}
    >
      <table className="jp-exec-table" aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            <th scope="col">
              {xKind === 'time' ? trans.__('Time') : trans.__('Step')}
            </th>
            {lines.map((line, index) => (
              <th key={index} scope="col" title={line.name}>
                {single ? trans.__('Value') : line.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr aria-hidden style={{ height: above }} />
          {items.map(item => (
            <tr key={item.index} aria-rowindex={item.index + 2}>
              {rows[item.index].map((value, column) => (
                <td key={column}>
                  {value === undefined
                    ? ''
                    : column === 0
                      ? placeText(value, xKind)
                      : formatValue(value)}
                </td>
              ))}
            </tr>
          ))}
          <tr aria-hidden style={{ height: below }} />
        </tbody>
      </table>
    </div>
  );
}
