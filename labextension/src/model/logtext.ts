/** The text of a line of a log, from its bytes. */
import { type IAnsiStyle, parseAnsi, PLAIN, plainText } from './logansi';

const ESCAPE = 0x1b;
/** How far back a line looks for the colour that it begins in. */
const LOOK_BACK_BYTES = 8192;

const decoder = new TextDecoder();

/** A line of a log. */
export interface ILogLine {
  /** Its first byte in the log; the same as long as the log is the same. */
  readonly start: number;
  /** The byte after its last one, the newline included. */
  readonly end: number;
  /** What it shows: of a progress bar that was drawn again and again the last state. */
  readonly text: string;
  /** The style that it begins in. */
  readonly style: IAnsiStyle;
  /** From 1; undefined where not everything before was read. */
  readonly number: number | undefined;
}

/** What a terminal would show of a line at its end: carriage returns begin it anew. */
export function afterReturns(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === '\n' || line[end - 1] === '\r')) {
    end -= 1;
  }
  for (;;) {
    const from = end > 0 ? line.lastIndexOf('\r', end - 1) + 1 : 0;
    const part = line.slice(from, end);
    if (from === 0 || plainText(part).trim() !== '') {
      return part;
    }
    end = from - 1;
  }
}

/** Decode a line; what is no UTF-8 becomes U+FFFD. */
export function lineText(bytes: Uint8Array): string {
  return afterReturns(decoder.decode(bytes));
}

/** The style in which text begins that stands after these bytes. */
export function styleAfter(before: Uint8Array): IAnsiStyle {
  const near = before.subarray(Math.max(0, before.length - LOOK_BACK_BYTES));
  const first = near.indexOf(ESCAPE);
  return first < 0
    ? PLAIN
    : parseAnsi(decoder.decode(near.subarray(first))).style;
}

const SAMPLE_BYTES = 8192;
const TEXT_CONTROLS = new Set([7, 8, 9, 10, 12, 13, ESCAPE]);

/** Whether these bytes look as if they were never meant to be read. */
export function looksBinary(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  let strange = 0;
  for (const byte of sample) {
    if (byte === 0) {
      return true;
    }
    strange += byte < 32 && !TEXT_CONTROLS.has(byte) ? 1 : 0;
  }
  for (const char of decoder.decode(sample)) {
    strange += char === '\ufffd' ? 1 : 0;
  }
  return strange > sample.length / 10;
}
