import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { RunsApi } from '../server/api';
import { RequestFailure } from '../server/errors';
import { EventStream } from '../server/eventstream';
import type { Run, RunEvent } from '../types';
import { ACTIVE, isTerminal } from './lifecycle';
import { changesOf, runOf } from './runevents';

/** Changes are told together, at most once in this time. */
const BATCH_MS = 50;
/** How many runs are read again one by one when events were missed. */
const READ_AGAIN = 50;

/** The runs that changed since the last time, and those that are gone. */
export interface IRunChanges {
  readonly changed: ReadonlySet<string>;
  readonly deleted: ReadonlySet<string>;
}

/**
 * Every run that some view knows, kept up to date by the event stream.
 *
 * Views hold ids and look the runs up here, so that a run is the same everywhere.
 */
export class RunStore implements IDisposable {
  constructor(
    private readonly _api: RunsApi,
    private readonly _stream: EventStream
  ) {
    _stream.events.connect(this._onEvents, this);
    _stream.reset.connect(this._onReset, this);
  }

  /** What has changed, in batches. */
  get changed(): ISignal<this, IRunChanges> {
    return this._changed;
  }

  /** Every event, after it was applied; for lists, and for what a run reports. */
  get events(): ISignal<this, readonly RunEvent[]> {
    return this._events;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The run as it is known now. */
  get(runId: string): Run | undefined {
    return this._runs.get(runId);
  }

  /** Whether somebody has deleted it while this page was open. */
  isDeleted(runId: string): boolean {
    return this._gone.has(runId);
  }

  /** Whether a run has children, or is a sweep that will have some. */
  isParent(runId: string): boolean {
    return (
      this._parents.has(runId) || !!this._runs.get(runId)?.definition?.sweep
    );
  }

  /** The names of the tags that the known runs have, with their values; for suggestions. */
  tags(): string[] {
    const found = new Set<string>();
    for (const run of this._runs.values()) {
      for (const [name, value] of Object.entries(run.tags)) {
        found.add(name).add(`${name}=${value}`);
      }
    }
    return [...found].sort();
  }

  /**
   * The whole run, definition included, from the server.
   *
   * @throws RequestFailure - of kind `notFound` where it was deleted.
   */
  async fetch(runId: string): Promise<Run> {
    try {
      return await this.read(
        () => this._api.get(runId),
        run => [run]
      );
    } catch (error) {
      if (error instanceof RequestFailure && error.kind === 'notFound') {
        this._remove(runId);
      }
      throw error;
    }
  }

  /**
   * Ask the server for something with runs in it, and take these.
   *
   * An event may overtake the answer: what has happened since the question is applied to the runs
   * of the answer once more.
   */
  async read<T>(
    ask: () => Promise<T>,
    runsOf: (answer: T) => readonly Run[]
  ): Promise<T> {
    // What happens between the answer and the first event would be lost.
    await this._stream.ready;
    const meanwhile: RunEvent[] = [];
    this._readings.add(meanwhile);
    try {
      const answer = await ask();
      const runs = runsOf(answer);
      this.add(runs);
      if (meanwhile.length > 0) {
        const ids = new Set(runs.map(run => run.runId));
        meanwhile
          .filter(event => ids.has(event.runId))
          .forEach(event => this._apply(event));
      }
      return answer;
    } finally {
      this._readings.delete(meanwhile);
    }
  }

  /** Take runs that the server has answered. */
  add(runs: readonly Run[]): void {
    for (const run of runs) {
      this._runs.set(run.runId, run);
      this._batch.changed.add(run.runId);
      this._noteParent(run.parentRunId);
    }
    this._schedule();
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._stream.events.disconnect(this._onEvents, this);
    this._stream.reset.disconnect(this._onReset, this);
    Signal.clearData(this);
  }

  private _onEvents(_: EventStream, events: readonly RunEvent[]): void {
    for (const event of events) {
      this._apply(event);
    }
    this._readings.forEach(meanwhile => meanwhile.push(...events));
    this._events.emit(events);
    this._schedule();
  }

  /** Events were missed: ask which runs go on, and how those have ended that went on before. */
  private async _onReset(): Promise<void> {
    const before = [...this._runs.values()]
      .filter(run => !isTerminal(run.status))
      .map(run => run.runId);
    if (before.length === 0) {
      return;
    }
    try {
      const page = await this.read(
        () => this._api.list({ status: ACTIVE }, 1000),
        answer => answer.runs
      );
      const still = new Set(page.runs.map(run => run.runId));
      const ended = before.filter(id => !still.has(id)).slice(0, READ_AGAIN);
      for (const runId of ended) {
        await this.fetch(runId);
      }
    } catch (error) {
      // The stream tells that the server is gone again, and resets once more when it is back.
      if (!(error instanceof RequestFailure)) {
        throw error;
      }
    }
  }

  private _apply(event: RunEvent): void {
    if (event.type === 'deleted') {
      this._remove(event.runId);
      return;
    }
    if (event.type === 'created') {
      this._gone.delete(event.runId);
      this._noteParent(event.parentRunId);
      if (!this._runs.has(event.runId)) {
        this._runs.set(event.runId, runOf(event));
        this._batch.changed.add(event.runId);
        this._batch.deleted.delete(event.runId);
      }
      return;
    }
    const run = this._runs.get(event.runId);
    const changes = changesOf(event);
    if (run !== undefined && changes !== null) {
      this._runs.set(event.runId, { ...run, ...changes });
      this._batch.changed.add(event.runId);
    }
  }

  private _noteParent(runId: string | null): void {
    if (runId !== null && !this._parents.has(runId)) {
      this._parents.add(runId);
      const run = this._runs.get(runId);
      if (run !== undefined) {
        // Another object, so that who shows it shows that it has children.
        this._runs.set(runId, { ...run });
        this._batch.changed.add(runId);
      }
    }
  }

  private _remove(runId: string): void {
    this._runs.delete(runId);
    this._parents.delete(runId);
    this._gone.add(runId);
    this._batch.changed.delete(runId);
    this._batch.deleted.add(runId);
    this._schedule();
  }

  private _schedule(): void {
    const { changed, deleted } = this._batch;
    const isEmpty = changed.size === 0 && deleted.size === 0;
    if (this._timer === undefined && !isEmpty && !this._isDisposed) {
      this._timer = setTimeout(() => {
        this._timer = undefined;
        const batch = this._batch;
        this._batch = { changed: new Set(), deleted: new Set() };
        this._changed.emit(batch);
      }, BATCH_MS);
    }
  }

  private _isDisposed = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _batch = { changed: new Set<string>(), deleted: new Set<string>() };
  private readonly _runs = new Map<string, Run>();
  private readonly _gone = new Set<string>();
  private readonly _parents = new Set<string>();
  private readonly _readings = new Set<RunEvent[]>();
  private readonly _changed = new Signal<this, IRunChanges>(this);
  private readonly _events = new Signal<this, readonly RunEvent[]>(this);
}
