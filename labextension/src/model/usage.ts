import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { ILogReader } from '../server/logs';
import { backOff, isFinal } from './backoff';

/** More points than this are thinned out: every second one goes. */
const MOST_POINTS = 2000;

/** What a run used at one time. */
export interface IUsagePoint {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly memoryBytes: number;
  /** Processors that were busy since the point before it. */
  readonly cpus: number;
}

/** What a run has used over its time: read once, followed while it runs. */
export class UsageModel implements IDisposable {
  /**
   * @param _reader - reads `GET runs/{runId}/usage`, JSON values one a line.
   * @param _hasEnded - whether the run has ended, as far as is known.
   * @param _startedAt - when it began to use processors, in milliseconds since 1970, where that is known.
   */
  constructor(
    private readonly _reader: ILogReader,
    private readonly _hasEnded: () => boolean,
    private readonly _startedAt: number | null = null
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get points(): readonly IUsagePoint[] {
    return this._points;
  }

  get peakMemoryBytes(): number {
    return this._peakMemoryBytes;
  }

  get peakCpus(): number {
    return this._peakCpus;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Read what there is, and what comes until the run has ended. */
  async follow(): Promise<void> {
    let failures = 0;
    const { signal } = this._abort;
    while (!signal.aborted) {
      try {
        const offset = this._offset;
        await this._reader.stream(
          { offset, follow: true },
          part => {
            failures = 0;
            this._take(part.bytes);
          },
          signal
        );
        if (this._hasEnded()) {
          return;
        }
      } catch (error) {
        // A server that does not have it, or a run that is gone, will not have it later.
        if (isFinal(error) || signal.aborted) {
          return;
        }
      }
      await backOff(failures++, signal);
    }
  }

  dispose(): void {
    this._isDisposed = true;
    this._abort.abort();
    Signal.clearData(this);
  }

  private _take(bytes: Uint8Array): void {
    this._offset += bytes.length;
    const lines = (
      this._rest + this._decoder.decode(bytes, { stream: true })
    ).split('\n');
    this._rest = lines.pop() ?? '';
    for (const line of lines) {
      this._add(line);
    }
    if (lines.length > 0 && !this._isDisposed) {
      this._changed.emit();
    }
  }

  private _add(line: string): void {
    const value = numbersOf(line);
    if (value === null) {
      return;
    }
    const { time, memoryBytes, cpuSeconds } = value;
    const last = this._last ?? this._beginning;
    const seconds = last ? (time - last.time) / 1000 : 0;
    const used = last ? cpuSeconds - last.cpuSeconds : 0;
    // Less than before: another attempt has begun.
    const cpus = seconds > 0 && used >= 0 ? used / seconds : 0;
    this._last = { time, cpuSeconds };
    this._peakMemoryBytes = Math.max(this._peakMemoryBytes, memoryBytes);
    this._peakCpus = Math.max(this._peakCpus, cpus);
    this._points.push({ time, memoryBytes, cpus });
    if (this._points.length > MOST_POINTS) {
      this._points = this._points.filter((_, index) => index % 2 === 0);
    }
  }

  /** Nothing was used yet when the run began. */
  private get _beginning(): { time: number; cpuSeconds: number } | null {
    const time = this._startedAt;
    return time === null ? null : { time, cpuSeconds: 0 };
  }

  private _points: IUsagePoint[] = [];
  private _last: { time: number; cpuSeconds: number } | null = null;
  private _peakMemoryBytes = 0;
  private _peakCpus = 0;
  private _offset = 0;
  private _rest = '';
  private _isDisposed = false;
  private readonly _decoder = new TextDecoder();
  private readonly _abort = new AbortController();
  private readonly _changed = new Signal<this, void>(this);
}

/** The numbers of a line; null where it is none of ours. */
function numbersOf(
  line: string
): { time: number; memoryBytes: number; cpuSeconds: number } | null {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
  const { memoryBytes, cpuSeconds } = value;
  const time =
    typeof value['time'] === 'number'
      ? value['time'] * 1000
      : Date.parse(String(value['time']));
  return typeof memoryBytes === 'number' &&
    typeof cpuSeconds === 'number' &&
    Number.isFinite(time)
    ? { time, memoryBytes, cpuSeconds }
    : null;
}
