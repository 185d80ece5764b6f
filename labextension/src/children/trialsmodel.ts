import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { numberOf } from '../charts/series';
import { isTerminal } from '../model/lifecycle';
import type { RunStore } from '../model/runstore';
import type { RunsApi } from '../server/api';
import type { RunEvent, SweepTrial, SweepTrials } from '../types';

/** The trials are read again at most once in this time, and in so much longer for each of them. */
const REREAD_MS = 5000;
const REREAD_EACH_MS = 10;
/** What events tell is taken together, at most once in this time. */
const BATCH_MS = 250;

/** What events tell about a trial. */
type Change = Partial<
  Pick<SweepTrial, 'status' | 'startedAt' | 'endedAt' | 'error' | 'metric'>
>;

/**
 * The trials of a sweep, as long as somebody looks.
 *
 * Events tell their states. They are read again for what no event tells: the parameters of a trial
 * that is new, and which is the best when one has ended.
 */
export class TrialsModel implements IDisposable {
  constructor(
    readonly sweepId: string,
    private readonly _api: RunsApi,
    private readonly _store: RunStore,
    /** Events were missed. */
    private readonly _reset?: ISignal<unknown, void>
  ) {
    _store.events.connect(this._onEvents, this);
    _reset?.connect(this._onReset, this);
  }

  /** There is something new, or reading it has failed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The plan and the trials by number; null until they were read. */
  get data(): SweepTrials | null {
    return this._data;
  }

  /** Why they could not be read. */
  get error(): Error | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether somebody looks; what happened meanwhile is read when somebody looks again. */
  set isVisible(isVisible: boolean) {
    this._isVisible = isVisible;
    if (isVisible && this._isStale) {
      this._readSoon();
    }
  }

  /** Read everything; calls during a reading share it. */
  load(): Promise<void> {
    this._reading ??= this._read().finally(() => {
      this._reading = null;
    });
    return this._reading;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    clearTimeout(this._batching);
    this._store.events.disconnect(this._onEvents, this);
    this._reset?.disconnect(this._onReset, this);
    Signal.clearData(this);
  }

  private async _read(): Promise<void> {
    this._isStale = false;
    this._readAt = Date.now();
    this._meanwhile.clear();
    try {
      const data = await this._api.trials(this.sweepId);
      // Events may have overtaken the answer.
      this._data = { ...data, trials: changed(data.trials, this._meanwhile) };
      this._error = null;
    } catch (error) {
      this._error = error as Error;
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _onReset(): void {
    this._isStale = true;
    this._readSoon();
  }

  private _onEvents(_: RunStore, events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.runId === this.sweepId) {
        if (event.type === 'state' && isTerminal(event.status)) {
          this._isStale = true;
          this._isAtEnd = true;
        }
      } else if (event.runId.startsWith(`${this.sweepId}_`)) {
        this._take(event);
      }
    }
    if (this._isStale) {
      this._readSoon();
    }
  }

  private _take(event: RunEvent): void {
    if (event.type === 'metrics') {
      const metric = this._lastOf(event);
      if (metric !== undefined) {
        this._note(event.runId, { metric });
      }
    } else if (event.type === 'state') {
      const { status, startedAt, endedAt, error } = event;
      this._note(event.runId, { status, startedAt, endedAt, error });
      this._isStale ||= isTerminal(status);
    } else if (event.type !== 'progress') {
      this._isStale = true;
    }
  }

  /** The last value that a trial has told of the sweep's metric. */
  private _lastOf(
    event: Extract<RunEvent, { type: 'metrics' }>
  ): number | undefined {
    const name = this._data?.sweep.metric;
    const values = event.metrics
      .filter(point => point.name === name)
      .map(point => numberOf(point.value))
      .filter(value => value !== undefined && Number.isFinite(value));
    return values[values.length - 1];
  }

  private _note(runId: string, change: Change): void {
    this._batch.set(runId, { ...this._batch.get(runId), ...change });
    if (this._reading !== null) {
      this._meanwhile.set(runId, { ...this._meanwhile.get(runId), ...change });
    }
    this._batching ??= setTimeout(() => this._apply(), BATCH_MS);
  }

  private _apply(): void {
    this._batching = undefined;
    if (this._data !== null) {
      const trials = changed(this._data.trials, this._batch);
      this._data = { ...this._data, trials };
      this._changed.emit();
    }
    this._batch.clear();
  }

  private _readSoon(): void {
    if (!this._isVisible || this._isDisposed) {
      return;
    }
    if (this._isAtEnd) {
      this._isAtEnd = false;
      clearTimeout(this._timer);
      this._timer = undefined;
      this._readAt = 0;
    }
    if (this._timer === undefined) {
      const count = this._data?.trials.length ?? 0;
      const pause = REREAD_MS + REREAD_EACH_MS * count;
      const wait = Math.max(0, this._readAt + pause - Date.now());
      this._timer = setTimeout(() => {
        this._timer = undefined;
        void (this._reading ?? Promise.resolve()).then(() => this.load());
      }, wait);
    }
  }

  private _data: SweepTrials | null = null;
  private _error: Error | null = null;
  private _isDisposed = false;
  private _isVisible = true;
  private _isStale = false;
  private _reading: Promise<void> | null = null;
  private _readAt = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _batching: ReturnType<typeof setTimeout> | undefined;
  private _isAtEnd = false;
  private readonly _batch = new Map<string, Change>();
  private readonly _meanwhile = new Map<string, Change>();
  private readonly _changed = new Signal<this, void>(this);
}

function changed(
  trials: readonly SweepTrial[],
  changes: ReadonlyMap<string, Change>
): SweepTrial[] {
  return trials.map(trial => {
    const change = changes.get(trial.runId);
    return change === undefined ? trial : { ...trial, ...change };
  });
}

/** The best value so far, trial by trial. */
export function bestSoFar(
  trials: readonly SweepTrial[],
  goal: string
): { x: number; y: number }[] {
  const steps: { x: number; y: number }[] = [];
  for (const { number, metric, status } of trials) {
    if (metric === null || status !== 'Completed') {
      continue;
    }
    const best = steps[steps.length - 1]?.y ?? metric;
    const y =
      goal === 'maximize' ? Math.max(best, metric) : Math.min(best, metric);
    steps.push({ x: number, y });
  }
  return steps;
}

/** The names of the parameters that differ, in the order of the plan. */
export function parameterNames(data: SweepTrials): string[] {
  const names = new Set(Object.keys(data.sweep.space ?? {}));
  for (const trial of data.trials) {
    Object.keys(trial.parameters).forEach(name => names.add(name));
  }
  return [...names];
}

/** A trial's value of a column: `number`, `status`, `metric`, `elapsed`, `error`, or `params.<name>`. */
export function valueOf(
  trial: SweepTrial,
  column: string,
  now: number
): unknown {
  if (column.startsWith('params.')) {
    return trial.parameters[column.slice('params.'.length)];
  }
  switch (column) {
    case 'number':
      return trial.number;
    case 'status':
      return trial.status;
    case 'metric':
      return trial.metric;
    case 'elapsed':
      return trial.startedAt === null
        ? null
        : (trial.endedAt === null ? now : Date.parse(trial.endedAt)) -
            Date.parse(trial.startedAt);
    default:
      return trial.error?.message ?? null;
  }
}

/** Trials in the order of a column; those without a value are last either way. */
export function sortTrials(
  trials: readonly SweepTrial[],
  column: string,
  descending: boolean,
  now: number
): SweepTrial[] {
  const keyed = trials.map(trial => ({
    trial,
    key: valueOf(trial, column, now)
  }));
  const isMissing = (key: unknown) => key === null || key === undefined;
  keyed.sort((a, b) => {
    if (isMissing(a.key) || isMissing(b.key)) {
      return Number(isMissing(a.key)) - Number(isMissing(b.key));
    }
    const order = compare(a.key, b.key);
    return (descending ? -order : order) || a.trial.number - b.trial.number;
  });
  return keyed.map(({ trial }) => trial);
}

function compare(a: unknown, b: unknown): number {
  return typeof a === 'number' && typeof b === 'number'
    ? a - b
    : String(a).localeCompare(String(b), undefined, { numeric: true });
}
