/** The values of one parameter of a sweep, as somebody types them. Source: `jupyter_exec/model/sweep.py`. */
import type { Space } from '../types';

/** The most trials that the server takes. */
export const MAX_TRIALS = 10_000;
/** How many are drawn where nobody says how many. */
export const DRAWN_TRIALS = 20;

/** The ways to say which values a parameter takes. */
export type SpaceWay = 'choice' | 'range' | 'uniform' | 'loguniform';

/** What was typed: of a choice a text or the values that are ticked, otherwise up to three numbers. */
export interface ISpaceInput {
  readonly way: SpaceWay;
  readonly text: string;
  readonly picked: readonly unknown[];
  readonly bounds: readonly [string, string, string];
}

/** Why what was typed is no space, in kinds that a view puts into words. */
export type SpaceProblem =
  'empty' | 'notNumber' | 'notList' | 'emptyRange' | 'order' | 'positive';

/** A space, or why it is none; `at` is the word at fault. */
export type ParsedSpace =
  | { readonly space: Partial<Space>; readonly problem: null }
  | { readonly problem: SpaceProblem; readonly at: string };

/** Nothing typed yet. */
export function emptySpace(way: SpaceWay): ISpaceInput {
  return { way, text: '', picked: [], bounds: ['', '', ''] };
}

/** The number that a text is, null where it is none. */
export function numberOf(text: string): number | null {
  const word = text.trim();
  const number = Number(word);
  return word !== '' && Number.isFinite(number) ? number : null;
}

/** Read what was typed for a parameter of this kind; `isListed` = its values are ticked. */
export function parseSpace(
  input: ISpaceInput,
  kind: string,
  isListed: boolean
): ParsedSpace {
  return input.way === 'choice'
    ? parseChoice(input, kind, isListed)
    : parseBounds(input, input.way);
}

function parseChoice(
  input: ISpaceInput,
  kind: string,
  isListed: boolean
): ParsedSpace {
  const words = isListed ? input.picked : wordsOf(input.text, kind);
  if (words === null) {
    return { problem: 'notList', at: input.text.trim() };
  }
  if (words.length === 0) {
    return { problem: 'empty', at: '' };
  }
  if (kind !== 'integer' && kind !== 'number') {
    return { space: { choice: [...words] }, problem: null };
  }
  const values = words.map(word => numberOf(String(word)));
  const wrong = values.indexOf(null);
  return wrong < 0
    ? { space: { choice: values }, problem: null }
    : { problem: 'notNumber', at: String(words[wrong]) };
}

/** The words between commas, or the items of a JSON list; null where a list is wanted and is none. */
function wordsOf(text: string, kind: string): unknown[] | null {
  const trimmed = text.trim();
  if (trimmed.startsWith('[')) {
    try {
      const list = JSON.parse(
        kind === 'array' && !trimmed.startsWith('[[') ? `[${trimmed}]` : trimmed
      ) as unknown[];
      return kind === 'array' && !list.every(Array.isArray) ? null : list;
    } catch {
      return null;
    }
  }
  if (kind === 'array' && trimmed !== '') {
    return null;
  }
  return trimmed
    .split(',')
    .map(word => word.trim())
    .filter(word => word !== '');
}

function parseBounds(
  { bounds }: ISpaceInput,
  way: Exclude<SpaceWay, 'choice'>
): ParsedSpace {
  const given = way === 'range' ? bounds : bounds.slice(0, 2);
  const needed = given.map((text, index) =>
    // The step of a range is 1 where none is given.
    index === 2 && text.trim() === '' ? '1' : text
  );
  if (needed.some(text => text.trim() === '')) {
    return { problem: 'empty', at: '' };
  }
  const values = needed.map(numberOf);
  const wrong = values.indexOf(null);
  if (wrong >= 0) {
    return { problem: 'notNumber', at: needed[wrong].trim() };
  }
  const numbers = values as number[];
  if (way === 'range') {
    return rangeCount(numbers) > 0
      ? { space: { range: numbers }, problem: null }
      : { problem: 'emptyRange', at: '' };
  }
  if (numbers[0] >= numbers[1]) {
    return { problem: 'order', at: '' };
  }
  if (way === 'loguniform' && numbers[0] <= 0) {
    return { problem: 'positive', at: '' };
  }
  return { space: { [way]: numbers }, problem: null };
}

/** How many values start, stop (not included) and step make; 0 where the step is 0. */
function rangeCount([start, stop, step]: readonly number[]): number {
  if (step === 0) {
    return 0;
  }
  // As of decimal fractions: 0, 0.3, 0.1 makes 3 values, though 0.3 / 0.1 is a bit less.
  return Math.max(
    0,
    Math.ceil(Number(((stop - start) / step).toPrecision(12)))
  );
}

/** How many values a space has; null where there are endlessly many. */
export function valueCount(space: Partial<Space>): number | null {
  if (space.choice) {
    return space.choice.length;
  }
  return space.range ? rangeCount(space.range) : null;
}

/**
 * How many trials a sweep will have.
 *
 * @param spaces - of the parameters that differ.
 * @param sampling - `grid` = all combinations, `random` = drawn.
 * @param trials - how many at most, null where nobody said.
 * @returns null for a grid of endlessly many values.
 */
export function trialCount(
  spaces: readonly Partial<Space>[],
  sampling: 'grid' | 'random',
  trials: number | null
): number | null {
  if (sampling === 'random') {
    return trials ?? DRAWN_TRIALS;
  }
  let size = 1;
  for (const space of spaces) {
    const count = valueCount(space);
    if (count === null) {
      return null;
    }
    size *= count;
  }
  return Math.min(size, trials ?? size);
}
