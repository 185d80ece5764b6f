/** Lines of a chart, made of the points that runs report. No DOM. */
import type { Point } from '../types';

/** What the horizontal axis shows: the step, or seconds since the first point. */
export type XKind = 'step' | 'time';

/** Points in ascending order of `x`; `y` may be NaN or infinite, `x` never. */
export interface ISeries {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

const WORDS: Readonly<Record<string, number>> = {
  NaN: NaN,
  Infinity: Infinity,
  '-Infinity': -Infinity
};

/** A reported value as a number; undefined for a text or a truth value. */
export function numberOf(value: Point['value']): number | undefined {
  if (typeof value === 'number') {
    return value;
  }
  return typeof value === 'string' ? WORDS[value] : undefined;
}

/** Whether all of a metric's values are texts or truth values, so that there is no line. */
export function isText(points: readonly Point[]): boolean {
  return points.every(point => numberOf(point.value) === undefined);
}

/**
 * The line of a metric.
 *
 * A point without a step follows the one before it; one without a time stands where that stands.
 */
export function seriesOf(points: readonly Point[], kind: XKind): ISeries {
  const x: number[] = [];
  const y: number[] = [];
  let ascending = true;
  let start: number | undefined;
  let previous = kind === 'step' ? -1 : 0;
  for (const point of points) {
    const value = numberOf(point.value);
    if (value === undefined) {
      continue;
    }
    let at: number;
    if (kind === 'step') {
      at = finite(point.step) ?? previous + 1;
    } else {
      const time = finite(point.time);
      start ??= time;
      at = time === undefined ? previous : time - start!;
    }
    ascending &&= x.length === 0 || at >= previous;
    x.push(at);
    y.push(value);
    previous = at;
  }
  return ascending ? { x, y } : sorted(x, y);
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value)
    ? value
    : undefined;
}

function sorted(x: number[], y: number[]): ISeries {
  const order = x.map((_, index) => index).sort((a, b) => x[a] - x[b]);
  return { x: order.map(i => x[i]), y: order.map(i => y[i]) };
}

/** What a line comes to; null where no value is finite. */
export interface ISummary {
  readonly count: number;
  readonly notFinite: number;
  readonly last: number | null;
  readonly min: { readonly x: number; readonly y: number } | null;
  readonly max: { readonly x: number; readonly y: number } | null;
}

/** Sum a line up; `last` may be NaN or infinite, the least and the greatest are finite. */
export function summaryOf({ x, y }: ISeries): ISummary {
  let low = -1;
  let high = -1;
  let notFinite = 0;
  for (let i = 0; i < y.length; i++) {
    if (!Number.isFinite(y[i])) {
      notFinite += 1;
      continue;
    }
    low = low < 0 || y[i] < y[low] ? i : low;
    high = high < 0 || y[i] > y[high] ? i : high;
  }
  return {
    count: y.length,
    notFinite,
    last: y.length > 0 ? y[y.length - 1] : null,
    min: low < 0 ? null : { x: x[low], y: y[low] },
    max: high < 0 ? null : { x: x[high], y: y[high] }
  };
}

/** The first index whose `x` is not below a value; the length where there is none. */
export function lowerBound(x: readonly number[], value: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x[middle] < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** The index of the point nearest to a place; -1 where there are no points. */
export function nearest(x: readonly number[], value: number): number {
  const after = lowerBound(x, value);
  if (after === 0) {
    return x.length > 0 ? 0 : -1;
  }
  if (after === x.length) {
    return x.length - 1;
  }
  return x[after] - value < value - x[after - 1] ? after : after - 1;
}

/**
 * Smooth values by an exponential moving average without its bias towards zero at the beginning, as
 * TensorBoard does; what is not finite stays as it is and has no part in the average.
 *
 * @param weight - of the past, from 0 (nothing changes) to below 1.
 */
export function smooth(
  y: readonly number[],
  weight: number
): readonly number[] {
  if (weight <= 0) {
    return y;
  }
  let average = 0;
  let bias = 1;
  return y.map(value => {
    if (!Number.isFinite(value)) {
      return value;
    }
    average = average * weight + (1 - weight) * value;
    bias *= weight;
    return average / (1 - bias);
  });
}
