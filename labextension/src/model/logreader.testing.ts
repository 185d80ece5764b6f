import { RequestFailure } from '../server/errors';
import type { ILogPart, ILogRange, ILogReader } from '../server/logs';

/** A log in memory that answers as the route of logs does; for tests. */
export class MemoryLog implements ILogReader {
  constructor(public bytes: Uint8Array = new Uint8Array(0)) {}

  /** What was asked for. */
  readonly asked: ILogRange[] = [];
  /** Whether the run has ended. */
  hasEnded = false;
  /** Whether the server is gone. */
  isDown = false;
  /** The largest piece that is handed out at once. */
  piece = 1 << 16;

  append(text: string | Uint8Array): void {
    const more =
      typeof text === 'string' ? new TextEncoder().encode(text) : text;
    const all = new Uint8Array(this.bytes.length + more.length);
    all.set(this.bytes);
    all.set(more, this.bytes.length);
    this.bytes = all;
    this.wake();
  }

  /** Let those who follow look again. */
  wake(): void {
    const waiting = this._waiting;
    this._waiting = [];
    waiting.forEach(resolve => resolve());
  }

  async stream(
    range: ILogRange,
    take: (part: ILogPart) => void,
    signal: AbortSignal
  ): Promise<void> {
    this.asked.push(range);
    await Promise.resolve();
    this._check();
    const size = this.bytes.length;
    let offset = Math.min(range.offset, size);
    take({ offset, size, bytes: new Uint8Array(0) });
    let left = range.limit ?? Infinity;
    for (;;) {
      while (left > 0 && offset < this.bytes.length) {
        const bytes = this.bytes.slice(
          offset,
          offset + Math.min(left, this.piece)
        );
        take({ offset, size, bytes });
        offset += bytes.length;
        left -= bytes.length;
        await Promise.resolve();
        if (signal.aborted) {
          throw new DOMException('aborted', 'AbortError');
        }
      }
      if (!range.follow || this.hasEnded) {
        return;
      }
      this._check();
      await new Promise<void>(resolve => {
        this._waiting.push(resolve);
        signal.addEventListener('abort', () => resolve());
      });
      if (signal.aborted) {
        throw new DOMException('aborted', 'AbortError');
      }
      this._check();
    }
  }

  private _check(): void {
    if (this.isDown) {
      throw new RequestFailure('unreachable', 'gone');
    }
  }

  private _waiting: (() => void)[] = [];
}
