import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { RunsApi } from '../server/api';
import type { Experiment, RunEvent } from '../types';
import { isTerminal } from './lifecycle';
import type { IRunChanges } from './runstore';
import { RunStore } from './runstore';

const PAGE = 100;
/** After runs were deleted the numbers are read again, at most once in this time. */
const READ_AGAIN_MS = 2000;

/**
 * The experiments of the server with the numbers of their runs: read page by page, kept true by events.
 *
 * The order is that of the reading, so that nothing moves under somebody's pointer; an experiment
 * that is new comes first.
 */
export class ExperimentGroups implements IDisposable {
  constructor(
    private readonly _api: RunsApi,
    private readonly _store: RunStore
  ) {
    _store.events.connect(this._onEvents, this);
    _store.changed.connect(this._onChanged, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get names(): readonly string[] {
    return this._names;
  }

  get(name: string): Experiment | undefined {
    return this._known.get(name);
  }

  get total(): number | null {
    return this._total;
  }

  get hasMore(): boolean {
    return this._total === null || this._next !== null;
  }

  get error(): Error | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Read the next page; calls during a reading share it. */
  more(): Promise<void> {
    if (this._loading === null && this.hasMore) {
      this._loading = this._read(this._next).finally(() => {
        this._loading = null;
        this._changed.emit();
      });
    }
    return this._loading ?? Promise.resolve();
  }

  /** Read again from the top. */
  async refresh(): Promise<void> {
    await this._loading;
    this._next = null;
    this._total = null;
    await this.more();
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._store.events.disconnect(this._onEvents, this);
    this._store.changed.disconnect(this._onChanged, this);
    Signal.clearData(this);
  }

  private async _read(cursor: string | null): Promise<void> {
    try {
      const page = await this._api.experiments(PAGE, undefined, cursor);
      if (cursor === null) {
        this._known.clear();
        this._names = [];
      }
      const isNew = (found: Experiment) => !this._known.has(found.name);
      this._names = this._names.concat(
        page.experiments.filter(isNew).map(found => found.name)
      );
      page.experiments.forEach(found => this._known.set(found.name, found));
      this._next = page.next;
      this._total = page.total;
      this._error = null;
    } catch (error) {
      this._error = error as Error;
    }
  }

  private _onEvents(_: RunStore, events: readonly RunEvent[]): void {
    if (this._total === null) {
      return;
    }
    let isChanged = false;
    for (const event of events) {
      if (event.type === 'created' && event.parentRunId === null) {
        isChanged = true;
        this._count(event.experiment, 1, 1, 0, event.time);
      } else if (event.type === 'state' && isTerminal(event.status)) {
        const run = this._store.get(event.runId);
        if (run?.parentRunId === null) {
          isChanged = true;
          const failed = Number(event.status === 'Failed');
          this._count(run.experiment, 0, -1, failed);
        }
      }
    }
    if (isChanged) {
      this._changed.emit();
    }
  }

  private _count(
    name: string,
    runs: number,
    active: number,
    failed: number,
    createdAt?: string
  ): void {
    const known = this._known.get(name);
    if (known === undefined) {
      if (createdAt !== undefined) {
        this._names = [name, ...this._names];
        this._total = (this._total ?? 0) + 1;
        const lastCreatedAt = createdAt;
        this._known.set(name, { name, runs, active, failed, lastCreatedAt });
      }
      return;
    }
    this._known.set(name, {
      ...known,
      runs: known.runs + runs,
      active: Math.max(0, known.active + active),
      failed: known.failed + failed,
      lastCreatedAt: createdAt ?? known.lastCreatedAt
    });
  }

  /** Nobody tells what a run was that is gone, so the numbers are asked for. */
  private _onChanged(_: RunStore, { deleted }: IRunChanges): void {
    if (deleted.size > 0 && this._total !== null && this._timer === undefined) {
      this._timer = setTimeout(() => {
        this._timer = undefined;
        void this.refresh();
      }, READ_AGAIN_MS);
    }
  }

  private _names: readonly string[] = [];
  private _total: number | null = null;
  private _next: string | null = null;
  private _loading: Promise<void> | null = null;
  private _error: Error | null = null;
  private _isDisposed = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private readonly _known = new Map<string, Experiment>();
  private readonly _changed = new Signal<this, void>(this);
}
