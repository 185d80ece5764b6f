/**
 * Text with escape sequences of a terminal as styled spans. Source: ECMA-48, "SGR"; xterm's 256 colours.
 *
 * Only colours and weights mean something in a log; every other sequence is left out.
 */

/** How a piece of text looks. A colour is one of 16 names, or `rgb(...)`. */
export interface IAnsiStyle {
  readonly fg?: string;
  readonly bg?: string;
  readonly bold?: true;
  readonly dim?: true;
  readonly italic?: true;
  readonly underline?: true;
  readonly strike?: true;
  readonly inverse?: true;
}

/** A piece of text in one style. */
export interface IAnsiSpan {
  readonly text: string;
  readonly style: IAnsiStyle;
}

/** The style of text that nothing was said about. */
export const PLAIN: IAnsiStyle = {};

const NAMES = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white'
];
/** The 16 names, in the order of their numbers. */
export const ANSI_COLORS: readonly string[] = [
  ...NAMES,
  ...NAMES.map(name => `${name}-intense`)
];

// CSI ... final byte; OSC ... BEL or ST; other two-character escapes.
const ESCAPE =
  /\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~]|$)/g;
// Backspace, BEL, NUL and the like; a tab stays.
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/g;

/** Split a line into spans, beginning in `style`; the last style is that of the line after it. */
export function parseAnsi(
  line: string,
  style: IAnsiStyle = PLAIN
): { spans: IAnsiSpan[]; style: IAnsiStyle } {
  const spans: IAnsiSpan[] = [];
  const push = (text: string) => {
    if (text !== '') {
      spans.push({ text: text.replace(CONTROL, '\ufffd'), style });
    }
  };
  let from = 0;
  if (line.includes('\x1b')) {
    for (const match of line.matchAll(ESCAPE)) {
      push(line.slice(from, match.index));
      from = match.index + match[0].length;
      if (match[2] === 'm') {
        style = applySgr(style, match[1]);
      }
    }
  }
  push(line.slice(from));
  return { spans, style };
}

/** The text alone. */
export function plainText(line: string): string {
  return line.includes('\x1b') ? line.replace(ESCAPE, '') : line;
}

type Mutable = { -readonly [K in keyof IAnsiStyle]: IAnsiStyle[K] };

const ON: Readonly<Record<number, keyof IAnsiStyle>> = {
  1: 'bold',
  2: 'dim',
  3: 'italic',
  4: 'underline',
  7: 'inverse',
  9: 'strike'
};
const OFF: Readonly<Record<number, readonly (keyof IAnsiStyle)[]>> = {
  21: ['bold'],
  22: ['bold', 'dim'],
  23: ['italic'],
  24: ['underline'],
  27: ['inverse'],
  29: ['strike'],
  39: ['fg'],
  49: ['bg']
};

function applySgr(old: IAnsiStyle, parameters: string): IAnsiStyle {
  const codes = parameters.split(/[;:]/).map(Number);
  let style: Mutable = { ...old };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) {
      style = {};
    } else if (code in ON) {
      style[ON[code] as 'bold'] = true;
    } else if (code in OFF) {
      OFF[code].forEach(name => delete style[name]);
    } else if (code === 38 || code === 48) {
      const [color, used] = extended(codes.slice(i + 1));
      i += used;
      if (color !== null) {
        style[code === 38 ? 'fg' : 'bg'] = color;
      }
    } else {
      setBasic(style, code);
    }
  }
  return style;
}

function setBasic(style: Mutable, code: number): void {
  const place = code % 10;
  if (!Number.isInteger(code) || place > 7) {
    return;
  }
  const tens = code - place;
  if (tens === 30 || tens === 90) {
    style.fg = ANSI_COLORS[place + (tens === 90 ? 8 : 0)];
  } else if (tens === 40 || tens === 100) {
    style.bg = ANSI_COLORS[place + (tens === 100 ? 8 : 0)];
  }
}

/** `5;n` or `2;r;g;b`: the colour, and how many numbers it took. */
function extended(codes: readonly number[]): [string | null, number] {
  const isByte = (value: number) => value >= 0 && value <= 255;
  if (codes[0] === 5 && isByte(codes[1])) {
    return [ofPalette(codes[1]), 2];
  }
  const rgb = codes.slice(1, 4);
  if (codes[0] === 2 && rgb.length === 3 && rgb.every(isByte)) {
    return [`rgb(${rgb.join(', ')})`, 4];
  }
  return [null, codes.length];
}

function ofPalette(index: number): string {
  if (index < 16) {
    return ANSI_COLORS[index];
  }
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey}, ${grey}, ${grey})`;
  }
  const level = (value: number) => (value === 0 ? 0 : 55 + value * 40);
  const cube = index - 16;
  const rgb = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6];
  return `rgb(${rgb.map(level).join(', ')})`;
}
