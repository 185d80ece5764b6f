import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { RunsApi } from '../server/api';
import { RequestFailure } from '../server/errors';
import type { IRunFilter, Run, RunEvent } from '../types';
import type { IRunChanges } from './runstore';
import { RunStore } from './runstore';

const PAGE = 100;
/** The first page is read again this long after a run that nobody has read may match. */
const FETCH_MS = 500;
/** While that goes on, it is read again after pauses that grow from the first to the longest. */
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;

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
 * so that rows do not vanish under somebody's pointer; those that come to match, new or not, are
 * put in their place. What a batch of events costs does not grow with the list.
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

  /** The list, or one of its runs, has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Which runs are in it has changed, or what the reading is at: then it is true. */
  get idsChanged(): ISignal<this, boolean> {
    return this._idsChanged;
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

  /** Whether a run is in it, as far as it is read. */
  has(runId: string): boolean {
    return this._known.has(runId);
  }

  /** Read the next page; calls during a reading share it. */
  more(): Promise<void> {
    if (this._loading === null && this.hasMore) {
      this._begin(this._next);
    }
    return this._loading ?? Promise.resolve();
  }

  /** Read again from the top; what is there stays until the answer comes. */
  refresh(): Promise<void> {
    this._begin(null);
    return this._loading ?? Promise.resolve();
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._store.events.disconnect(this._onEvents, this);
    this._store.changed.disconnect(this._onChanged, this);
    Signal.clearData(this);
  }

  /** Begin to read; an earlier reading that has not ended counts no more. */
  private _begin(cursor: string | null): void {
    this._meanwhile.clear();
    const isCurrent = () => this._loading === loading;
    const loading: Promise<void> = this._read(cursor, isCurrent).finally(() => {
      if (isCurrent()) {
        this._loading = null;
        this._emit(true, true);
      }
    });
    this._loading = loading;
  }

  private async _read(
    cursor: string | null,
    isCurrent: () => boolean
  ): Promise<void> {
    try {
      const page = await this._store.read(
        () => this._api.list(this.filter, PAGE, cursor),
        answer => answer.runs
      );
      if (isCurrent() && !this._isDisposed) {
        this._take(
          page.runs.map(run => run.runId),
          cursor === null
        );
        this._next = page.next;
        this._total = page.total;
        this._error = null;
        this._checkTotal();
        this._admit([...this._meanwhile]);
      }
    } catch (error) {
      if (isCurrent()) {
        this._error = error as Error;
      }
    }
  }

  private _take(ids: readonly string[], isFirst: boolean): void {
    if (isFirst) {
      this._ids = [];
      this._known.clear();
    }
    const isNew = (id: string) =>
      !this._known.has(id) && !this._store.isDeleted(id);
    const added = ids.filter(isNew);
    added.forEach(id => this._known.add(id));
    this._ids = this._ids.concat(added);
  }

  /** Put runs that match and are not in the list into their places; answers whether there were any. */
  private _admit(candidates: Iterable<string>): boolean {
    const added: Run[] = [];
    for (const id of candidates) {
      const run = this._known.has(id) ? undefined : this._store.get(id);
      if (run !== undefined && matches(this.filter, run)) {
        added.push(run);
      }
    }
    // What is older than all that was read comes with its page.
    const oldest = this._created(this._ids[this._ids.length - 1]);
    const placed = added.filter(
      run => this._next === null || run.createdAt >= oldest
    );
    if (placed.length === 0) {
      return false;
    }
    const ids = [...this._ids];
    for (const run of placed.sort((a, b) =>
      compare(a.createdAt, b.createdAt)
    )) {
      ids.splice(this._place(ids, run.createdAt), 0, run.runId);
      this._known.add(run.runId);
    }
    this._ids = ids;
    this._total = (this._total ?? 0) + placed.length;
    return true;
  }

  /** Where a run of that time belongs: before all that are not newer. */
  private _place(ids: readonly string[], createdAt: string): number {
    let [low, high] = [0, ids.length];
    // Nearly always it is the newest.
    if (high === 0 || this._created(ids[0]) <= createdAt) {
      return 0;
    }
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this._created(ids[middle]) <= createdAt) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private _created(runId: string | undefined): string {
    return (runId && this._store.get(runId)?.createdAt) || '';
  }

  /** Read the first page again if the answer that came may count runs that were deleted. */
  private _checkTotal(): void {
    // Of some the store knows already, and has not told yet.
    if (this._isStale || this._ids.some(id => this._store.isDeleted(id))) {
      this._isStale = false;
      this._readTopSoon();
    }
  }

  /** Look for runs that may match from now on, or no longer, though nobody has read them yet. */
  private _onEvents(_: RunStore, events: readonly RunEvent[]): void {
    const isReading = this._loading !== null || this._isReadingTop;
    if (isReading && events.some(event => event.type === 'deleted')) {
      // Nobody knows whether the total of the answer has them still.
      this._isStale = true;
      return;
    }
    if (this._total === null) {
      return;
    }
    const { status, tag, q } = this.filter;
    for (const event of events) {
      // Where all pages were read, what is not among them did not match.
      const mayHaveMatched =
        event.type === 'deleted' &&
        this._next !== null &&
        !this._known.has(event.runId);
      const mayMatch =
        event.type === 'state'
          ? status?.includes(event.status)
          : event.type === 'changed' && (tag || q);
      if (
        mayHaveMatched ||
        (mayMatch && this._store.get(event.runId) === undefined)
      ) {
        this._readTopSoon();
        return;
      }
    }
  }

  /** Read the first page once more; the busier the server, the longer the pause before. */
  private _readTopSoon(): void {
    this._isStale ||= this._isReadingTop;
    if (this._timer !== undefined || this._isDisposed) {
      return;
    }
    const since = Date.now() - this._topReadAt;
    const isCalm = since > 2 * this._pause;
    this._pause = isCalm
      ? FIRST_PAUSE_MS / 2
      : Math.min(2 * this._pause, LONGEST_PAUSE_MS);
    const wait = isCalm ? FETCH_MS : Math.max(FETCH_MS, this._pause - since);
    this._timer = setTimeout(() => void this._readTop(), wait);
  }

  /** Take the newest that match; the others stay, so that nobody loses the place. */
  private async _readTop(): Promise<void> {
    this._isReadingTop = true;
    try {
      const page = await this._store.read(
        () => this._api.list(this.filter, PAGE),
        answer => answer.runs
      );
      if (!this._isDisposed && this._total !== null) {
        const isAdded = this._admit(page.runs.map(run => run.runId));
        const isOther = this._total !== page.total;
        this._total = page.total;
        if (isAdded || isOther) {
          this._emit(true);
        }
      }
    } catch (error) {
      // The stream tells that the server is away; the list is read again when it is back.
      if (!(error instanceof RequestFailure)) {
        throw error;
      }
    } finally {
      this._topReadAt = Date.now();
      this._timer = undefined;
      this._isReadingTop = false;
      this._checkTotal();
    }
  }

  private _onChanged(_: RunStore, { changed, deleted }: IRunChanges): void {
    if (this._loading !== null) {
      changed.forEach(id => this._meanwhile.add(id));
    }
    let idsChanged = this._total !== null && this._admit(changed);
    const gone = [...deleted].filter(id => this._known.delete(id));
    if (gone.length > 0) {
      this._ids = this._ids.filter(id => this._known.has(id));
      this._total = Math.max(
        this._ids.length,
        (this._total ?? 0) - gone.length
      );
      idsChanged = true;
    }
    if (idsChanged || [...changed].some(id => this._known.has(id))) {
      this._emit(idsChanged);
    }
  }

  private _emit(idsChanged: boolean, isRead = false): void {
    if (!this._isDisposed) {
      if (idsChanged) {
        this._idsChanged.emit(isRead);
      }
      this._changed.emit();
    }
  }

  private _ids: readonly string[] = [];
  private _total: number | null = null;
  private _next: string | null = null;
  private _loading: Promise<void> | null = null;
  private _error: Error | null = null;
  private _isDisposed = false;
  private _isReadingTop = false;
  private _isStale = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _topReadAt = -Infinity;
  private _pause = FIRST_PAUSE_MS / 2;
  private readonly _known = new Set<string>();
  private readonly _meanwhile = new Set<string>();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _idsChanged = new Signal<this, boolean>(this);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
