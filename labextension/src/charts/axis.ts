/** Axes of scatter plots and parallel coordinates: where a value stands, and which ticks. No DOM. */
import { formatValue } from './number';

/** A mark on an axis; `position` is from 0 (its low end) to 1. */
export interface ITick {
  readonly label: string;
  readonly position: number;
}

/** Where values stand on an axis. */
export interface IAxis {
  readonly kind: 'linear' | 'log' | 'category';
  readonly ticks: readonly ITick[];
  /** From 0 to 1; null for what has no place, such as NaN or a missing value. */
  position(value: unknown): number | null;
}

/** A value as text; texts as they are, everything else as JSON writes it. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  if (typeof value === 'number') {
    return formatValue(value);
  }
  return value === undefined ? '' : JSON.stringify(value);
}

/** An axis for these values: numbers on a scale, anything else as categories. */
export function axisOf(values: readonly unknown[], log = false): IAxis {
  const given = values.filter(value => value !== null && value !== undefined);
  const numbers = given.filter(isFinite_);
  if (numbers.length === 0 || given.some(value => typeof value !== 'number')) {
    return categories(given);
  }
  const min = numbers.reduce((a, b) => Math.min(a, b));
  const max = numbers.reduce((a, b) => Math.max(a, b));
  return log && min > 0
    ? logarithmic(min, max)
    : linear(min, max, numbers.every(Number.isInteger));
}

function isFinite_(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/**
 * The texts of ticks, with as many digits as tell one from the next; null, which uPlot has for a
 * tick without a text, is none.
 */
export function tickTexts(values: readonly (number | null)[]): string[] {
  const given = values.filter(isFinite_);
  const most = given.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  let step = Infinity;
  for (let i = 1; i < given.length; i++) {
    step = Math.min(step, Math.abs(given[i] - given[i - 1]) || Infinity);
  }
  const digits = step < most ? Math.ceil(Math.log10(most / step)) + 1 : 1;
  return values.map(value =>
    value === null
      ? ''
      : String(Number(value.toPrecision(Math.min(15, Math.max(5, digits)))))
  );
}

/** Whether positive numbers spread so far that a logarithmic axis shows them better. */
export function spreads(values: readonly unknown[]): boolean {
  const numbers = values.filter(isFinite_);
  if (numbers.length < 3 || numbers.some(value => value <= 0)) {
    return false;
  }
  const min = numbers.reduce((a, b) => Math.min(a, b));
  const max = numbers.reduce((a, b) => Math.max(a, b));
  return max / min >= 100;
}

/** Between whole numbers, such as trials, there is nothing to mark. */
function linear(low: number, high: number, isWhole: boolean): IAxis {
  const same = low === high;
  const spread = same ? Math.abs(low) || 1 : high - low;
  const min = low - spread * 0.04;
  const max = high + spread * 0.04;
  const position = (value: number) => (value - min) / (max - min);
  const ticks = same
    ? [low]
    : steps(min, max, 5).filter(tick => !isWhole || Number.isInteger(tick));
  return {
    kind: 'linear',
    ticks: ticksOf(ticks, position),
    position: value => (isFinite_(value) ? position(value) : null)
  };
}

/** Round numbers between two others, about `count` of them. */
export function steps(min: number, max: number, count: number): number[] {
  const rough = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 5, 10].map(n => n * power).find(s => s >= rough * 0.7) ?? rough;
  const first = Math.ceil(min / step);
  const last = Math.floor(max / step + 1e-9);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
    digits > 15
      ? (first + i) * step
      : Number(((first + i) * step).toFixed(digits))
  );
}

function ticksOf(
  values: readonly number[],
  position: (value: number) => number
): ITick[] {
  const labels = tickTexts(values);
  return values.map((value, i) => ({
    label: labels[i],
    position: position(value)
  }));
}

function logarithmic(low: number, high: number): IAxis {
  const pad = (Math.log(high / low) || 1) * 0.04;
  const min = Math.log(low) - pad;
  const max = Math.log(high) + pad;
  const position = (value: number) => (Math.log(value) - min) / (max - min);
  const first = Math.ceil(min / Math.LN10 - 1e-9);
  const last = Math.floor(max / Math.LN10 + 1e-9);
  const every = Math.max(1, Math.ceil((last - first + 1) / 6));
  let values: number[] = [];
  for (let power = first; power <= last; power += every) {
    values.push(Number(`1e${power}`));
  }
  if (values.length < 2) {
    values = steps(Math.exp(min), Math.exp(max), 4);
  }
  return {
    kind: 'log',
    ticks: ticksOf(values, position),
    position: value => (isFinite_(value) && value > 0 ? position(value) : null)
  };
}

function categories(values: readonly unknown[]): IAxis {
  const names = [...new Set(values.map(textOf))];
  if (values.every(value => typeof value === 'boolean')) {
    names.sort();
  }
  const places = new Map(
    names.map((name, i) => [name, (i + 0.5) / names.length])
  );
  return {
    kind: 'category',
    ticks: names.map(label => ({ label, position: places.get(label)! })),
    position: value =>
      value === null || value === undefined
        ? null
        : (places.get(textOf(value)) ?? null)
  };
}
