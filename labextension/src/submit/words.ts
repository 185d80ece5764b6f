/** Text that a person types, read as the command line of jupyter_exec reads it. */

/** A line split into words as a shell would, or why it cannot be. */
export interface ISplitLine {
  readonly words: readonly string[];
  readonly problem: 'quote' | 'backslash' | null;
}

/**
 * Split a line into words as a POSIX shell does: quotes and backslashes, no variables, no patterns.
 *
 * Source: `shlex.split` of Python.
 */
export function splitLine(line: string): ISplitLine {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at];
    if (quote === "'" ? character === "'" : quote && character === quote) {
      quote = '';
    } else if (quote === "'") {
      word += character;
    } else if (character === '\\') {
      at += 1;
      if (at === line.length) {
        return { words, problem: 'backslash' };
      }
      const keeps = quote === '"' && !'"\\'.includes(line[at]);
      word = (word ?? '') + (keeps ? '\\' : '') + line[at];
    } else if (quote) {
      word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== null) {
        words.push(word);
      }
      word = null;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote) {
    return { words, problem: 'quote' };
  }
  return { words: word === null ? words : [...words, word], problem: null };
}

/** Words as a line that `splitLine` reads back. */
export function joinWords(words: readonly string[]): string {
  return words
    .map(word =>
      /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, `'"'"'`)}'`
    )
    .join(' ');
}

const SECONDS: Readonly<Record<string, number>> = {
  '': 1,
  s: 1,
  sec: 1,
  second: 1,
  m: 60,
  min: 60,
  minute: 60,
  h: 3600,
  hour: 3600,
  d: 86_400,
  day: 86_400,
  w: 604_800,
  week: 604_800
};

/** Whole seconds of `90`, `45s`, `10 min`, `2h`, `1h30m` or `1.5d`; null for what is none. */
export function parseDuration(text: string): number | null {
  const bare = text.trim().toLowerCase();
  const whole = /^(\d+(\.\d+)?\s*([a-z]*)\s*)+$/;
  if (!whole.test(bare)) {
    return null;
  }
  let total = 0;
  const parts = [...bare.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/g)];
  for (const [, amount, unit] of parts) {
    const name = unit.length > 1 ? unit.replace(/s$/, '') : unit;
    if (!(name in SECONDS) || (unit === '' && parts.length > 1)) {
      return null;
    }
    total += Number(amount) * SECONDS[name];
  }
  return total > 0 ? Math.ceil(total) : null;
}

/** Seconds as `parseDuration` reads them: `2h`, `90s`. */
export function writeDuration(seconds: number): string {
  const unit = (['d', 'h', 'm'] as const).find(
    name => seconds % SECONDS[name] === 0
  );
  return unit ? `${seconds / SECONDS[unit]}${unit}` : `${seconds}s`;
}

const NUMBER = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const CONSTANTS: Readonly<Record<string, boolean | null>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  null: null,
  None: null
};

/** A value: a number, true, false, null, JSON in brackets or quotes; else the text itself. */
export function parseValue(text: string): unknown {
  const bare = text.trim();
  if (bare in CONSTANTS) {
    return CONSTANTS[bare];
  }
  if (NUMBER.test(bare)) {
    return Number(bare);
  }
  if (/^[[{"]/.test(bare)) {
    try {
      return JSON.parse(bare) as unknown;
    } catch {
      return text;
    }
  }
  return text;
}

/** A value as `parseValue` reads it back. */
export function writeValue(value: unknown): string {
  return typeof value === 'string' && parseValue(value) === value
    ? value
    : JSON.stringify(value);
}

/** `name=value` pairs, and those that are none. */
export interface IPairs {
  readonly pairs: Readonly<Record<string, string>>;
  readonly wrong: readonly string[];
}

/** Read one `name=value` a line; a name without `=` is wrong unless `bare` names are allowed. */
export function parsePairs(
  text: string,
  separator: RegExp = /\n/,
  bare = false
): IPairs {
  const pairs: Record<string, string> = {};
  const wrong: string[] = [];
  for (const part of text.split(separator)) {
    const at = part.indexOf('=');
    const name = (at < 0 ? part : part.slice(0, at)).trim();
    if (part.trim() === '') {
      continue;
    }
    if (name === '' || (at < 0 && !bare)) {
      wrong.push(part.trim());
    } else {
      pairs[name] = at < 0 ? '' : part.slice(at + 1).trim();
    }
  }
  return { pairs, wrong };
}

/** Pairs as `parsePairs` reads them back. */
export function writePairs(
  pairs: Readonly<Record<string, string>>,
  separator = '\n'
): string {
  return Object.entries(pairs)
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join(separator);
}
