import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { RunsApi } from '../server/api';
import type { IRunFilter, Run, RunEvent } from '../types';
import { RunStore } from './runstore';

const PAGE = 100;

/** Whether a run belongs into a list that is narrowed so; the server decides by the same rules. */
export function matches(filter: IRunFilter, run: Run): boolean {
  const q = filter.q?.toLowerCase();
  const words = [run.runId, run.displayName, run.experiment];
  return (
    (!filter.top || run.parentRunId === null) &&
    (!filter.status?.length || filter.status.includes(run.status)) &&
    (!filter.experiment || filter.experiment === run.experiment) &&
    (!filter.target || filter.target === run.target) &&
    (!filter.parent || filter.parent === run.parentRunId) &&
    (!filter.template || filter.template === run.template?.name) &&
    (!filter.tag || hasTag(run, filter.tag)) &&
    (!q || words.some(word => word.toLowerCase().includes(q)))
  );
}

function hasTag(run: Run, tag: string): boolean {
  const [name, ...value] = tag.split('=');
  return value.length > 0
    ? run.tags[name] === value.join('=')
    : name in run.tags;
}

/**
 * The ids of the runs that match a filter, newest first: read page by page, kept true by events.
 *
 * It reads nothing until `more` is called. A run that stops matching stays until the next reading,
 * so that rows do not vanish under somebody's pointer; new ones come in at the top.
 */
export class RunList implements IDisposable {
  constructor(
    private readonly _api: RunsApi,
    private readonly _store: RunStore,
    readonly filter: IRunFilter
  ) {
    _store.events.connect(this._onEvents, this);
    _store.changed.connect(this._onChanged, this);
  }

  /** The ids, or one of the runs, have changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get ids(): readonly string[] {
    return this._ids;
  }

  /** How many there are on the server; null until the first page is there. */
  get total(): number | null {
    return this._total;
  }

  /** Whether there are older ones to read. */
  get hasMore(): boolean {
    return this._total === null || this._next !== null;
  }

  get isLoading(): boolean {
    return this._loading !== null;
  }

  /** Why the last page could not be read. */
  get error(): Error | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Read the next page; calls during a reading share it. */
  more(): Promise<void> {
    if (this._loading === null && this.hasMore) {
      this._loading = this._read().finally(() => {
        this._loading = null;
        this._emit();
      });
    }
    return this._loading ?? Promise.resolve();
  }

  /** Read again from the top. */
  async refresh(): Promise<void> {
    await this._loading;
    this._total = null;
    this._next = null;
    this._ids = [];
    await this.more();
  }

  dispose(): void {
    this._isDisposed = true;
    this._store.events.disconnect(this._onEvents, this);
    this._store.changed.disconnect(this._onChanged, this);
    Signal.clearData(this);
  }

  private async _read(): Promise<void> {
    try {
      const page = await this._api.list(this.filter, PAGE, this._next);
      this._store.add(page.runs);
      const known = new Set(this._ids);
      this._ids = [
        ...this._ids,
        ...page.runs.map(run => run.runId).filter(id => !known.has(id))
      ];
      this._next = page.next;
      this._total = page.total;
      this._error = null;
    } catch (error) {
      this._error = error as Error;
    }
  }

  private _onEvents(_: RunStore, events: readonly RunEvent[]): void {
    const fresh: string[] = [];
    for (const event of events) {
      if (event.type === 'created') {
        const run = this._store.get(event.runId);
        if (run !== undefined && matches(this.filter, run)) {
          fresh.push(event.runId);
        }
      }
    }
    if (fresh.length > 0 && this._total !== null) {
      const known = new Set(this._ids);
      const added = fresh.filter(id => !known.has(id)).reverse();
      this._ids = [...added, ...this._ids];
      this._total += added.length;
      this._emit();
    }
  }

  private _onChanged(
    _: RunStore,
    changes: { changed: ReadonlySet<string>; deleted: ReadonlySet<string> }
  ): void {
    const left = this._ids.filter(id => !changes.deleted.has(id));
    const gone = this._ids.length - left.length;
    if (gone > 0) {
      this._ids = left;
      this._total = Math.max(left.length, (this._total ?? 0) - gone);
    }
    if (gone > 0 || this._ids.some(id => changes.changed.has(id))) {
      this._emit();
    }
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _ids: string[] = [];
  private _total: number | null = null;
  private _next: string | null = null;
  private _loading: Promise<void> | null = null;
  private _error: Error | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
