import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { Run, RunEvent, RunStatus } from '../types';
import type { ExecModel } from './exec';
import { ACTIVE, isTerminal } from './lifecycle';
import type { IRunChanges } from './runstore';
import { RunStore } from './runstore';

/** How many active runs, and how many failed ones, are read at first. */
const ACTIVE_PAGE = 1000;
const FAILED_PAGE = 100;

/** What is remembered between two visits. */
export interface ILooked {
  /** When the list of runs was last looked at, as ISO 8601; null = never. */
  readonly at: string | null;
  /** Whether it is looked at now. */
  readonly isLooking: boolean;
}

/**
 * Which runs go on, which have failed since somebody looked at the list, and which end.
 *
 * Runs that have a parent, such as the trials of a sweep, do not count: their parent does.
 */
export class Activity implements IDisposable {
  constructor(private readonly _model: ExecModel) {
    _model.store.events.connect(this._onEvents, this);
    _model.store.changed.connect(this._onChanged, this);
    _model.stream.reset.connect(this._onReset, this);
  }

  /** The numbers have changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Runs have ended; not told of those that had ended before this page was opened. */
  get ended(): ISignal<this, readonly Run[]> {
    return this._ended;
  }

  /** The list has been looked at, at this time. */
  get looked(): ISignal<this, string> {
    return this._looked;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Runs that have not ended. */
  get active(): number {
    return this._active.size + this._unlisted;
  }

  /** Runs that have not ended and whose processes have not begun. */
  get waiting(): number {
    let count = 0;
    for (const status of this._active.values()) {
      count += Number(status === 'NotStarted' || status === 'Queued');
    }
    return count;
  }

  /** Runs that have failed since the list was looked at. */
  get failed(): number {
    return this._failed.size;
  }

  /** Begin: one request for the active runs; another for the failed ones unless these are seen. */
  async start(looked: ILooked): Promise<void> {
    this._isLooking = looked.isLooking;
    await this._model.stream.ready;
    await this._readActive();
    if (looked.at !== null && !this._isLooking) {
      await this._readFailed(looked.at);
    } else {
      this._look();
    }
  }

  /** Tell whether somebody looks at the list of runs now. */
  setLooking(isLooking: boolean): void {
    if (isLooking !== this._isLooking) {
      this._isLooking = isLooking;
      this._look();
    }
  }

  dispose(): void {
    this._isDisposed = true;
    this._model.store.events.disconnect(this._onEvents, this);
    this._model.store.changed.disconnect(this._onChanged, this);
    this._model.stream.reset.disconnect(this._onReset, this);
    Signal.clearData(this);
  }

  private async _readActive(): Promise<void> {
    const filter = { status: ACTIVE, top: true };
    const { store, runs } = this._model;
    try {
      const page = await store.read(
        () => runs.list(filter, ACTIVE_PAGE),
        answer => answer.runs
      );
      this._unlisted = page.total - page.runs.length;
    } catch {
      // The stream tells what is wrong, and begins anew when the server is back.
      this._isIncomplete = true;
    }
  }

  private async _readFailed(since: string): Promise<void> {
    const { store, runs } = this._model;
    try {
      const { runs: failed } = await store.read(
        () => runs.list({ status: ['Failed'], top: true }, FAILED_PAGE),
        answer => answer.runs
      );
      failed
        .filter(run => run.endedAt !== null && run.endedAt > since)
        .forEach(run => this._failed.add(run.runId));
      this._changed.emit();
    } catch {
      // As above; the next failures are counted.
    }
  }

  private _look(): void {
    this._failed.clear();
    this._looked.emit(new Date().toISOString());
    this._changed.emit();
  }

  private _onEvents(_: RunStore, events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.type === 'created' && event.parentRunId === null) {
        this._created.add(event.runId);
      }
    }
    if (this._isIncomplete && events.length > 0) {
      this._isIncomplete = false;
      void this._readActive();
    }
  }

  private _onReset(): void {
    void this._readActive();
  }

  private _onChanged(_: RunStore, { changed, deleted }: IRunChanges): void {
    const ended: Run[] = [];
    let isChanged = false;
    for (const id of changed) {
      const run = this._model.store.get(id);
      if (run === undefined || run.parentRunId !== null) {
        continue;
      }
      // A run that was created and has ended between two batches was never seen active.
      const isCreated = this._created.delete(id);
      if (!isTerminal(run.status)) {
        isChanged ||= this._active.get(id) !== run.status;
        this._active.set(id, run.status);
      } else if (this._active.delete(id) || isCreated) {
        ended.push(run);
      }
    }
    for (const id of deleted) {
      const known = [this._active.delete(id), this._failed.delete(id)];
      isChanged ||= known.includes(true);
    }
    if (ended.length > 0) {
      this._take(ended);
    }
    if (isChanged || ended.length > 0) {
      this._changed.emit();
    }
  }

  private _take(ended: readonly Run[]): void {
    const failed = ended.filter(run => run.status === 'Failed');
    if (this._isLooking && failed.length > 0) {
      this._looked.emit(new Date().toISOString());
    } else {
      failed.forEach(run => this._failed.add(run.runId));
    }
    this._ended.emit(ended);
  }

  private _isDisposed = false;
  private _isLooking = false;
  private _isIncomplete = false;
  private _unlisted = 0;
  private readonly _active = new Map<string, RunStatus>();
  private readonly _created = new Set<string>();
  private readonly _failed = new Set<string>();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _ended = new Signal<this, readonly Run[]>(this);
  private readonly _looked = new Signal<this, string>(this);
}
