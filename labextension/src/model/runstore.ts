import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { RunsApi } from '../server/api';
import { RequestFailure } from '../server/errors';
import { EventStream } from '../server/eventstream';
import type { Run, RunEvent } from '../types';

/** Changes are told together, at most once in this time. */
const BATCH_MS = 100;

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

  /**
   * The whole run, definition included, from the server.
   *
   * @throws RequestFailure - of kind `notFound` where it was deleted.
   */
  async fetch(runId: string): Promise<Run> {
    try {
      const run = await this._api.get(runId);
      this.add([run]);
      return run;
    } catch (error) {
      if (error instanceof RequestFailure && error.kind === 'notFound') {
        this._remove(runId);
      }
      throw error;
    }
  }

  /** Take runs that the server has answered. */
  add(runs: readonly Run[]): void {
    for (const run of runs) {
      this._runs.set(run.runId, run);
      this._batch.changed.add(run.runId);
    }
    this._schedule();
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._stream.events.disconnect(this._onEvents, this);
    Signal.clearData(this);
  }

  private _onEvents(_: EventStream, events: readonly RunEvent[]): void {
    for (const event of events) {
      this._apply(event);
    }
    this._events.emit(events);
    this._schedule();
  }

  private _apply(event: RunEvent): void {
    if (event.type === 'deleted') {
      this._remove(event.runId);
      return;
    }
    if (event.type === 'created') {
      this._gone.delete(event.runId);
      if (!this._runs.has(event.runId)) {
        this._runs.set(event.runId, runOf(event));
      }
    }
    const run = this._runs.get(event.runId);
    if (run !== undefined) {
      this._runs.set(event.runId, { ...run, ...changesOf(event) });
      this._batch.changed.add(event.runId);
    }
  }

  private _remove(runId: string): void {
    this._runs.delete(runId);
    this._gone.add(runId);
    this._batch.changed.delete(runId);
    this._batch.deleted.add(runId);
    this._schedule();
  }

  private _schedule(): void {
    if (this._timer === undefined && !this._isDisposed) {
      this._timer = setTimeout(() => {
        this._timer = undefined;
        const batch = this._batch;
        this._batch = { changed: new Set(), deleted: new Set() };
        if (batch.changed.size > 0 || batch.deleted.size > 0) {
          this._changed.emit(batch);
        }
      }, BATCH_MS);
    }
  }

  private _isDisposed = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _batch = { changed: new Set<string>(), deleted: new Set<string>() };
  private readonly _runs = new Map<string, Run>();
  private readonly _gone = new Set<string>();
  private readonly _changed = new Signal<this, IRunChanges>(this);
  private readonly _events = new Signal<this, readonly RunEvent[]>(this);
}

/** What an event tells about a run, as fields of it. */
function changesOf(event: RunEvent): Partial<Run> {
  switch (event.type) {
    case 'state':
      return {
        status: event.status,
        startedAt: event.startedAt,
        endedAt: event.endedAt,
        exitCode: event.exitCode,
        error: event.error,
        attempt: event.attempt
      };
    case 'progress':
      return { progress: event.progress };
    default:
      return {};
  }
}

/** A run as far as its first event tells; whoever needs more fetches it. */
function runOf(event: Extract<RunEvent, { type: 'created' }>): Run {
  return {
    runId: event.runId,
    experiment: event.experiment,
    displayName: event.displayName,
    status: event.status,
    target: event.target,
    createdAt: event.time,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    error: null,
    snapshotId: null,
    sourcePath: null,
    parentRunId: event.parentRunId,
    tags: {},
    progress: null,
    attempt: 1,
    git: null,
    template: null,
    usage: null,
    definition: {} as Run['definition']
  };
}
