import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { RequestFailure } from '../server/errors';
import type { ILogPart, ILogReader } from '../server/logs';
import { BLOCK_BYTES, BlockCache, type IMissing } from './logblocks';
import { type ILogLine, lineText, looksBinary, styleAfter } from './logtext';

/** Pauses between attempts to follow, in milliseconds; the last one is repeated. */
const BACK_OFF_MS = [250, 500, 1000, 2000, 5000, 10_000];
/** Blocks that are read at the same time. */
const AT_ONCE = 2;
/** Lines whose text is kept. */
const KEPT_LINES = 2000;

/** How the log is doing. */
export type LogState =
  | 'paused'
  | 'following'
  | 'disconnected'
  /** The run has ended: nothing comes any more. */
  | 'ended'
  /** It cannot be read; `error` says why. */
  | 'failed';

/** Some lines of a log that follow on each other. */
export interface ILogWindow {
  readonly lines: readonly ILogLine[];
  /** Where in `lines` the one is that was asked for. */
  readonly index: number;
  /** Whether the first line is that of the log. */
  readonly atStart: boolean;
  /** Whether the last line is that of the log. */
  readonly atEnd: boolean;
  /** Whether more would be here but is still being read. */
  readonly isWaiting: boolean;
}

/** The log is shorter than it was: it is another one. */
class Truncated extends Error {}

/**
 * A log of any length: reads the blocks that are looked at, follows the end, holds a few megabytes.
 */
export class LogModel implements IDisposable {
  /**
   * @param _reader - reads this log.
   * @param size - its length in bytes as the list of logs says.
   * @param _hasEnded - whether the run has ended, as far as is known.
   */
  constructor(
    private readonly _reader: ILogReader,
    size: number,
    private readonly _hasEnded: () => boolean
  ) {
    this._cache.size = size;
  }

  /** There is more of it, or it is in another state. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get size(): number {
    return this._cache.size;
  }

  get state(): LogState {
    return this._state;
  }

  /** Why it cannot be read. */
  get error(): Error | null {
    return this._error;
  }

  /** Whether something in it is no text. */
  get isBinary(): boolean {
    return this._isBinary;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Read the end, and go on with what comes until the run has ended or `pause` is called. */
  follow(): void {
    if (this._loop === null && !this._isDisposed && this._state !== 'ended') {
      const abort = (this._loop = new AbortController());
      void this._follow(abort).finally(() => {
        if (this._loop === abort) {
          this._loop = null;
        }
      });
    }
  }

  /** Let go of the connection; `follow` goes on where it stopped. */
  pause(): void {
    this._stop();
    if (this._state === 'following' || this._state === 'disconnected') {
      this._setState('paused');
    }
  }

  /** Try again at once, for example when the server is back. */
  retry(): void {
    this._failed.clear();
    this._error = null;
    if (this._state === 'following' || this._state === 'disconnected') {
      this._stop();
      this.follow();
    } else if (this._state === 'failed') {
      this.follow();
    }
    this._changed.emit();
  }

  /** Lines around the one that holds the byte `at`, or those at the end; reads what is missing. */
  window(at: number | 'end', before: number, after: number): ILogWindow {
    const first = at === 'end' ? this.size : this._cache.lineStart(at);
    if (this.size === 0 || typeof first !== 'number') {
      const isWaiting = typeof first !== 'number' && this._want(first);
      return { lines: [], index: 0, atStart: true, atEnd: true, isWaiting };
    }
    const lines: ILogLine[] = [];
    let isWaiting = false;
    let start = first;
    while (lines.length < before && start > 0) {
      const previous = this._cache.lineStart(start - 1);
      if (typeof previous !== 'number') {
        isWaiting = this._want(previous);
        break;
      }
      lines.push(this._line(previous, start));
      start = previous;
    }
    lines.reverse();
    const index = lines.length;
    let end = first;
    while (lines.length < index + after && end < this.size) {
      const next = this._cache.lineEnd(end);
      if (typeof next !== 'number') {
        isWaiting = this._want(next) || isWaiting;
        break;
      }
      lines.push(this._line(end, next));
      end = next;
    }
    const atEnd = end >= this.size;
    return { lines, index, atStart: start === 0, atEnd, isWaiting };
  }

  dispose(): void {
    this._isDisposed = true;
    this._stop();
    this._reading.abort();
    Signal.clearData(this);
  }

  private _line(start: number, end: number): ILogLine {
    const number = this._cache.lineNumber(start);
    let line = this._lines.get(start);
    if (line === undefined || line.end !== end || line.number !== number) {
      if (this._lines.size > KEPT_LINES) {
        this._lines.clear();
      }
      const block = this._cache.get(Math.floor(start / BLOCK_BYTES))!;
      const text =
        line?.end === end ? line.text : lineText(this._cache.read(start, end));
      const style = styleAfter(block.bytes.subarray(0, start - block.start));
      line = { start, end, text, style, number };
      this._lines.set(start, line);
    }
    return line;
  }

  /** Have a block read; returns whether it will come. */
  private _want({ missing }: IMissing): boolean {
    if (this._failed.has(missing) || this._isDisposed) {
      return false;
    }
    if (!this._loading.has(missing)) {
      // What was looked at a while ago, and is not begun yet, is not wanted any more.
      this._pending = this._pending.filter(other => other !== missing);
      this._pending = [missing, ...this._pending].slice(0, AT_ONCE);
      this._readNext();
    }
    return true;
  }

  private _readNext(): void {
    while (this._loading.size < AT_ONCE && this._pending.length > 0) {
      const index = this._pending.shift() as number;
      this._loading.add(index);
      this._readBlock(index)
        .catch((error: Error) => {
          if (error instanceof Truncated) {
            this._startAnew();
          } else {
            this._failed.add(index);
            this._error = error;
          }
        })
        .finally(() => {
          this._loading.delete(index);
          if (!this._isDisposed) {
            this._changed.emit();
            this._readNext();
          }
        });
    }
  }

  private async _readBlock(index: number): Promise<void> {
    const start = index * BLOCK_BYTES;
    const offset = this._cache.get(index)?.end ?? start;
    const limit = start + BLOCK_BYTES - offset;
    const range = { offset, limit };
    await this._reader.stream(
      range,
      part => this._take(part, offset),
      this._reading.signal
    );
    if (!this._cache.isWhole(index)) {
      throw new RequestFailure(
        'unreachable',
        'A part of this log could not be read. Try again.'
      );
    }
  }

  private async _follow(abort: AbortController): Promise<void> {
    let failures = 0;
    while (!abort.signal.aborted) {
      try {
        const offset = this._followFrom();
        const take = (part: ILogPart) => {
          if (abort.signal.aborted) {
            return;
          }
          failures = 0;
          this._take(part, offset);
          this._setState('following');
          this._changed.emit();
        };
        await this._reader.stream({ offset, follow: true }, take, abort.signal);
        if (this._hasEnded()) {
          this._setState('ended');
          return;
        }
      } catch (error) {
        if (abort.signal.aborted) {
          return;
        }
        if (error instanceof Truncated) {
          this._startAnew();
        } else if (isFinal(error)) {
          this._error = error;
          this._setState('failed');
          return;
        } else {
          this._setState('disconnected');
        }
      }
      await pause(BACK_OFF_MS[Math.min(failures++, 5)], abort.signal);
    }
  }

  /** Where the end is not known yet: after what is there, or at the start of the last block. */
  private _followFrom(): number {
    const last = Math.floor(Math.max(0, this.size - 1) / BLOCK_BYTES);
    return this._cache.get(last)?.end ?? last * BLOCK_BYTES;
  }

  private _take(part: ILogPart, asked: number): void {
    if (part.size < this.size && part.bytes.length === 0) {
      throw new Truncated();
    }
    if (part.offset < asked) {
      throw new Truncated();
    }
    this._cache.write(part.offset, part.bytes);
    this._cache.size = Math.max(this._cache.size, part.size);
    this._isBinary ||= looksBinary(part.bytes);
  }

  private _startAnew(): void {
    this._cache.clear();
    this._lines.clear();
    this._failed.clear();
    this._isBinary = false;
  }

  private _stop(): void {
    this._loop?.abort();
    this._loop = null;
  }

  private _setState(state: LogState): void {
    if (state !== this._state && !this._isDisposed) {
      this._state = state;
      this._changed.emit();
    }
  }

  private _state: LogState = 'paused';
  private _error: Error | null = null;
  private _isBinary = false;
  private _isDisposed = false;
  private _loop: AbortController | null = null;
  private _pending: number[] = [];
  private readonly _reading = new AbortController();
  private readonly _loading = new Set<number>();
  private readonly _failed = new Set<number>();
  private readonly _cache = new BlockCache();
  private readonly _lines = new Map<number, ILogLine>();
  private readonly _changed = new Signal<this, void>(this);
}

/** Whether trying again by itself is of no use. */
function isFinal(error: unknown): error is RequestFailure {
  return error instanceof RequestFailure && error.kind !== 'unreachable';
}

/** Wait, but not after an abort. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
