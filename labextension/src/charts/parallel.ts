/** Parallel coordinates: an axis for each column, a line for each row, brushes that filter. No DOM. */
import { axisOf, IAxis, spreads } from './axis';

/** What is drawn for a row. */
export interface IParallelRow {
  readonly id: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** An axis with its name. */
export interface IParallelAxis {
  readonly name: string;
  readonly label: string;
  readonly axis: IAxis;
}

/** The part of an axis that a row must lie in: from 0 (low end) to 1. */
export type Brush = readonly [number, number];
export type Brushes = ReadonlyMap<string, Brush>;

/** An axis for each column; those whose values spread over magnitudes are logarithmic. */
export function parallelAxes(
  columns: readonly { name: string; label: string; log?: boolean }[],
  rows: readonly IParallelRow[]
): IParallelAxis[] {
  return columns.map(({ name, label, log }) => {
    const values = rows.map(row => row.values[name]);
    return { name, label, axis: axisOf(values, log ?? spreads(values)) };
  });
}

/** Where the line of a row crosses each axis; null where it has no value. */
export function crossings(
  axes: readonly IParallelAxis[],
  row: IParallelRow
): (number | null)[] {
  return axes.map(({ name, axis }) => axis.position(row.values[name]));
}

/** The ids of the rows that lie in all brushes; null where there are none. */
export function brushed(
  axes: readonly IParallelAxis[],
  rows: readonly IParallelRow[],
  brushes: Brushes
): ReadonlySet<string> | null {
  if (brushes.size === 0) {
    return null;
  }
  const inside = rows.filter(row =>
    axes.every(({ name, axis }) => {
      const brush = brushes.get(name);
      const at = axis.position(row.values[name]);
      return (
        brush === undefined || (at !== null && at >= brush[0] && at <= brush[1])
      );
    })
  );
  return new Set(inside.map(row => row.id));
}

/** How good a value is among others: 0 the worst, 1 the best; null for what is no number. */
export function goodness(
  values: readonly (number | null)[],
  goal: string
): (number | null)[] {
  const finite = values.filter(
    (value): value is number => value !== null && Number.isFinite(value)
  );
  const ranked = [...new Set(finite)].sort((a, b) => a - b);
  const place = new Map(ranked.map((value, i) => [value, i]));
  const last = ranked.length - 1;
  return values.map(value => {
    const rank = value === null ? undefined : place.get(value);
    if (rank === undefined) {
      return null;
    }
    const share = last === 0 ? 1 : rank / last;
    return goal === 'maximize' || last === 0 ? share : 1 - share;
  });
}
