import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { numberOf } from '../charts/series';
import type { RunStore } from '../model/runstore';
import type { RunsApi } from '../server/api';
import type { RunEvent, SweepTrial, SweepTrials } from '../types';

/** The trials are read again at most once in this time. */
const REREAD_MS = 1000;
/** Views are told of metrics at most once in this time. */
const TELL_MS = 250;

/** The trials of a sweep: read again when one has changed, as long as somebody looks. */
export class TrialsModel implements IDisposable {
  constructor(
    readonly sweepId: string,
    private readonly _api: RunsApi,
    private readonly _store: RunStore
  ) {
    _store.events.connect(this._onEvents, this);
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
    clearTimeout(this._telling);
    this._store.events.disconnect(this._onEvents, this);
    Signal.clearData(this);
  }

  private async _read(): Promise<void> {
    this._isStale = false;
    this._readAt = Date.now();
    try {
      this._data = await this._api.trials(this.sweepId);
      this._error = null;
    } catch (error) {
      this._error = error as Error;
    }
    this._tell(0);
  }

  private _onEvents(_: RunStore, events: readonly RunEvent[]): void {
    for (const event of events) {
      if (!event.runId.startsWith(`${this.sweepId}_`)) {
        continue;
      }
      if (event.type === 'metrics') {
        this._take(event);
      } else if (event.type !== 'progress') {
        this._isStale = true;
      }
    }
    if (this._isStale && this._isVisible) {
      this._readSoon();
    }
  }

  /** The last value that a trial has told, without asking the server for it. */
  private _take(event: Extract<RunEvent, { type: 'metrics' }>): void {
    const name = this._data?.sweep.metric;
    const values = event.metrics
      .filter(point => point.name === name)
      .map(point => numberOf(point.value))
      .filter(value => value !== undefined && Number.isFinite(value));
    const metric = values[values.length - 1];
    if (metric !== undefined && this._data !== null) {
      const trials = this._data.trials.map(trial =>
        trial.runId === event.runId ? { ...trial, metric } : trial
      );
      this._data = { ...this._data, trials };
      this._tell(TELL_MS);
    }
  }

  private _readSoon(): void {
    if (this._timer === undefined) {
      const wait = Math.max(0, this._readAt + REREAD_MS - Date.now());
      this._timer = setTimeout(() => {
        this._timer = undefined;
        void (this._reading ?? Promise.resolve()).then(() => this.load());
      }, wait);
    }
  }

  private _tell(afterMs: number): void {
    if (!this._isDisposed && this._telling === undefined) {
      this._telling = setTimeout(() => {
        this._telling = undefined;
        this._changed.emit();
      }, afterMs);
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
  private _telling: ReturnType<typeof setTimeout> | undefined;
  private readonly _changed = new Signal<this, void>(this);
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
