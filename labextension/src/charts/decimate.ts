/** As many points as the screen can show, and lines side by side as uPlot takes them. No DOM. */
import { ISeries, lowerBound } from './series';

/** A part of the horizontal axis, and how many columns of pixels it has. */
export interface IWindow {
  readonly min: number;
  readonly max: number;
  readonly columns: number;
  /** Whether the axis is logarithmic; `min` is above 0 then. */
  readonly log?: boolean;
}

/**
 * The least and the greatest point of each column of pixels, so that no peak is lost; one point
 * beyond each end stays, so that the line goes on to the edge.
 *
 * A column whose values are all NaN or infinite leaves NaN: there is a gap in the line.
 */
export function decimate(series: ISeries, window: IWindow): ISeries {
  const { x, y } = series;
  const from = Math.max(0, lowerBound(x, window.min) - 1);
  const to = Math.min(x.length, upperBound(x, window.max) + 1);
  if (to - from <= window.columns * 4) {
    return { x: x.slice(from, to), y: y.slice(from, to) };
  }
  const columnOf = columns(window);
  const found: { x: number[]; y: number[] } = { x: [], y: [] };
  let begin = from;
  while (begin < to) {
    const column = columnOf(x[begin]);
    let end = begin + 1;
    while (end < to && columnOf(x[end]) === column) {
      end += 1;
    }
    push(found, series, begin, end);
    begin = end;
  }
  return found;
}

function upperBound(x: readonly number[], value: number): number {
  let index = lowerBound(x, value);
  while (index < x.length && x[index] === value) {
    index += 1;
  }
  return index;
}

function columns({ min, max, columns, log }: IWindow): (x: number) => number {
  const place = log ? Math.log : (value: number) => value;
  const start = place(min);
  const scale = columns / (place(max) - start || 1);
  return x => {
    const column = Math.floor((place(x) - start) * scale);
    return Math.min(columns, Math.max(-1, column));
  };
}

function push(
  found: { x: number[]; y: number[] },
  { x, y }: ISeries,
  begin: number,
  end: number
): void {
  let low = -1;
  let high = -1;
  for (let i = begin; i < end; i++) {
    if (Number.isFinite(y[i])) {
      low = low < 0 || y[i] < y[low] ? i : low;
      high = high < 0 || y[i] > y[high] ? i : high;
    }
  }
  const picked = low < 0 ? [begin] : low === high ? [low] : [low, high];
  for (const i of picked.sort((a, b) => a - b)) {
    found.x.push(x[i]);
    found.y.push(y[i]);
  }
}

/** What uPlot draws: null is a gap, undefined says that another line has a point there. */
export type Aligned = [number[], ...(number | null | undefined)[][]];

/** Give lines a common horizontal axis; a place that one of them has twice is there twice. */
export function align(lines: readonly ISeries[]): Aligned {
  const places: number[] = [];
  const values = lines.map((): (number | null | undefined)[] => []);
  const at = lines.map(() => 0);
  for (;;) {
    let x = Infinity;
    lines.forEach((line, index) => {
      if (at[index] < line.x.length) {
        x = Math.min(x, line.x[at[index]]);
      }
    });
    if (x === Infinity) {
      return [places, ...values];
    }
    places.push(x);
    lines.forEach((line, index) => {
      const has = line.x[at[index]] === x && at[index] < line.x.length;
      const y = has ? line.y[at[index]++] : undefined;
      values[index].push(
        y === undefined ? undefined : Number.isFinite(y) ? y : null
      );
    });
  }
}

/** A point that is not a finite number, for a mark at the edge of the chart. */
export interface IMark {
  readonly x: number;
  readonly kind: 'nan' | 'high' | 'low';
}

/** The points that no line can show, one a column and kind. */
export function marksOf(series: ISeries, window: IWindow): IMark[] {
  const marks: IMark[] = [];
  const seen = new Set<string>();
  const columnOf = columns(window);
  for (
    let i = lowerBound(series.x, window.min);
    i < series.x.length && series.x[i] <= window.max;
    i++
  ) {
    const y = series.y[i];
    if (Number.isFinite(y)) {
      continue;
    }
    const kind = Number.isNaN(y) ? 'nan' : y > 0 ? 'high' : 'low';
    const key = `${kind}${columnOf(series.x[i])}`;
    if (!seen.has(key)) {
      seen.add(key);
      marks.push({ x: series.x[i], kind });
    }
  }
  return marks;
}

/** What a logarithmic axis can show, and how many points it cannot. */
export function positive(
  { x, y }: ISeries,
  logX: boolean,
  logY: boolean
): { readonly series: ISeries; readonly dropped: number } {
  if (!logX && !logY) {
    return { series: { x, y }, dropped: 0 };
  }
  const keep = x
    .map((_, index) => index)
    .filter(
      i => !(logX && x[i] <= 0) && !(logY && y[i] <= 0 && Number.isFinite(y[i]))
    );
  if (keep.length === x.length) {
    return { series: { x, y }, dropped: 0 };
  }
  return {
    series: { x: keep.map(i => x[i]), y: keep.map(i => y[i]) },
    dropped: x.length - keep.length
  };
}
