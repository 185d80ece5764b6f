import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { ILogReader } from '../server/logs';
import { backOff, isFinal } from './backoff';
import { plainText } from './logansi';
import { afterReturns } from './logtext';

/** So much of the end of a log is looked at. */
const END_BYTES = 2048;

/** The last line of a log that grows; it reads on until it is disposed of, or the run has ended. */
export class LastLine implements IDisposable {
  constructor(private readonly _reader: ILogReader) {
    void this._follow();
  }

  /** There is another last line. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Without colours; empty until something was written. */
  get text(): string {
    return this._text;
  }

  get isDisposed(): boolean {
    return this._abort.signal.aborted;
  }

  dispose(): void {
    this._abort.abort();
    Signal.clearData(this);
  }

  private async _follow(): Promise<void> {
    const { signal } = this._abort;
    let failures = 0;
    while (!signal.aborted) {
      const decoder = new TextDecoder();
      let end = '';
      try {
        await this._reader.stream(
          { offset: -END_BYTES, follow: true },
          ({ bytes }) => {
            failures = 0;
            end += decoder.decode(bytes, { stream: true });
            end = end.slice(-END_BYTES);
            this._take(end);
          },
          signal
        );
        return;
      } catch (error) {
        if (signal.aborted || isFinal(error)) {
          return;
        }
      }
      await backOff(failures++, signal);
    }
  }

  private _take(end: string): void {
    const lines = end.split('\n').map(line => plainText(afterReturns(line)));
    const text =
      lines
        .map(line => line.trim())
        .filter(Boolean)
        .pop() ?? '';
    if (text !== this._text && !this.isDisposed) {
      this._text = text;
      this._changed.emit();
    }
  }

  private _text = '';
  private readonly _abort = new AbortController();
  private readonly _changed = new Signal<this, void>(this);
}
