import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { ILogReader } from '../server/logs';

/** No more places than this are kept; the search ends there. */
export const MOST_MATCHES = 100_000;
/** `changed` comes at most once in this time. */
const TELL_MS = 100;

// One character for each byte: the places in the text are those in the log.
const bytesAsText = new TextDecoder('windows-1252');
const encoder = new TextEncoder();

/** Finds a text in a whole log, reading it in the background; holds the places only. */
export class LogSearch implements IDisposable {
  /**
   * @param query - what is looked for, within one line.
   * @param isCaseSensitive - otherwise `a` finds `A`.
   */
  constructor(
    private readonly _reader: ILogReader,
    readonly query: string,
    readonly isCaseSensitive: boolean
  ) {
    this._pattern = patternOf(query, isCaseSensitive);
    this._overlap = longest(query) - 1;
  }

  /** More was found, or it has ended. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The first bytes of the matches, in their order in the log. */
  get matches(): readonly number[] {
    return this._matches;
  }

  /** How far it is, in bytes. */
  get position(): number {
    return this._position;
  }

  get isRunning(): boolean {
    return this._abort !== null;
  }

  /** Whether there are more matches than are kept. */
  get isFull(): boolean {
    return this._matches.length >= MOST_MATCHES;
  }

  /** Why it could not go on. */
  get error(): Error | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Search on to the place `size`; returns when it is there, was cancelled or failed. */
  async run(size: number): Promise<void> {
    if (this.isRunning || this._isDisposed || this.isFull) {
      return;
    }
    const abort = (this._abort = new AbortController());
    this._error = null;
    this._isCancelled = false;
    const range = { offset: this._position, limit: size - this._position };
    try {
      if (range.limit > 0) {
        await this._reader.stream(
          range,
          part => this._take(part.bytes, abort),
          abort.signal
        );
      }
    } catch (error) {
      if (!abort.signal.aborted) {
        this._error = error as Error;
      }
    }
    this._abort = null;
    this._changed.emit();
  }

  /** Whether somebody has stopped it. */
  get isCancelled(): boolean {
    return this._isCancelled;
  }

  /** Stop; what was found stays. */
  cancel(): void {
    this._isCancelled = true;
    this._abort?.abort();
  }

  dispose(): void {
    this._isDisposed = true;
    this.cancel();
    Signal.clearData(this);
  }

  /** The index of the first match at or after a place; the number of matches where none is. */
  indexFrom(place: number): number {
    let low = 0;
    let high = this._matches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this._matches[middle] < place) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private _take(bytes: Uint8Array, abort: AbortController): void {
    const text = this._rest + bytesAsText.decode(bytes);
    const start = this._position - this._rest.length;
    let last = 0;
    for (const match of text.matchAll(this._pattern)) {
      this._matches.push(start + match.index);
      last = match.index + match[0].length;
      if (this.isFull) {
        abort.abort();
        break;
      }
    }
    this._position += bytes.length;
    // What was matched is not looked at again.
    this._rest = text.slice(Math.max(last, text.length - this._overlap));
    const now = Date.now();
    if (now - this._told > TELL_MS) {
      this._told = now;
      this._changed.emit();
    }
  }

  private readonly _pattern: RegExp;
  private readonly _overlap: number;
  private readonly _matches: number[] = [];
  private _position = 0;
  private _rest = '';
  private _told = 0;
  private _error: Error | null = null;
  private _abort: AbortController | null = null;
  private _isCancelled = false;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

/** Where a text is found in a line, as pairs of first and after the last character. */
export function findInLine(
  line: string,
  query: string,
  isCaseSensitive: boolean
): [number, number][] {
  const pattern = new RegExp(escaped(query), isCaseSensitive ? 'gu' : 'giu');
  return [...line.matchAll(pattern)].map(match => [
    match.index,
    match.index + match[0].length
  ]);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** The forms of each character that count as the same. */
function formsOf(query: string, isCaseSensitive: boolean): string[][] {
  return [...query].map(char =>
    isCaseSensitive
      ? [char]
      : [...new Set([char, char.toLowerCase(), char.toUpperCase()])]
  );
}

/** A pattern for text that has one character for each byte. */
function patternOf(query: string, isCaseSensitive: boolean): RegExp {
  const parts = formsOf(query, isCaseSensitive).map(forms =>
    forms.map(form => escaped(bytesAsText.decode(encoder.encode(form))))
  );
  const source = parts.map(forms =>
    forms.length === 1 ? forms[0] : `(?:${forms.join('|')})`
  );
  return new RegExp(source.join(''), 'g');
}

/** How many bytes a match can have. */
function longest(query: string): number {
  return formsOf(query, false)
    .map(forms => Math.max(...forms.map(form => encoder.encode(form).length)))
    .reduce((sum, length) => sum + length, 0);
}
