import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { Experiment, IRunFilter } from '../types';
import type { ExecModel } from './exec';
import { ExperimentGroups } from './experiments';
import { Branch, Segment } from './runbranch';
import type { ITreeRow } from './runbranch';

/** How the list is arranged. */
export type Grouping = 'none' | 'experiment';

const GROUP = 'experiment:';
/** Who shows the rows measures all of them anew, so a long list tells seldom: so long for a row. */
const PACE_MS = 0.05;
const LONGEST_PACE_MS = 1000;

/**
 * Runs as a tree that is shown as rows: groups, runs, the children of runs, and rows that load.
 *
 * No row exists before somebody asks for it by its index, so 100,000 loaded runs cost no more than
 * their ids. Every part is read when it is expanded, page by page.
 */
export class RunTree implements IDisposable {
  constructor(private readonly _model: ExecModel) {
    this._root = this._branch({ top: true }, '', 1);
    _model.stream.stateChanged.connect(this._onState, this);
    _model.stream.reset.connect(this._onReset, this);
  }

  /** Rows have come, gone or moved. A run that looks different is not told here. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get filter(): IRunFilter {
    return this._filter;
  }

  /** Whether the list is narrowed. */
  get isFiltered(): boolean {
    return Object.values(this._filter).some(value => value?.length > 0);
  }

  get grouping(): Grouping {
    return this._grouping;
  }

  set grouping(grouping: Grouping) {
    if (grouping !== this._grouping) {
      this._grouping = grouping;
      this._touch();
    }
  }

  /** Whether groups are shown; what is found by a filter is one list. */
  get isGrouped(): boolean {
    return this._grouping === 'experiment' && !this.isFiltered;
  }

  /** How many runs match, or experiments where these are shown; null while nobody knows. */
  get total(): number | null {
    return this.isGrouped ? this._groups().total : this._root.list.total;
  }

  /** Narrow the list. Children match as well where a text or a tag is looked for. */
  setFilter(filter: IRunFilter): void {
    if (JSON.stringify(filter) === JSON.stringify(this._filter)) {
      return;
    }
    this._filter = filter;
    this._root.dispose();
    const top = !filter.q && !filter.tag;
    this._root = this._branch({ ...filter, top }, '', 1);
    this._touch();
  }

  /** How many rows there are now. */
  get length(): number {
    const last = this._built()[this._segments.length - 1];
    return last === undefined ? 0 : last.start + last.count;
  }

  /** The row at an index. */
  row(index: number): ITreeRow | undefined {
    const segment = this._segment(index);
    return segment?.row(index - segment.start);
  }

  /** What kind of row is at an index; quicker than the row itself. */
  kind(index: number): ITreeRow['kind'] | undefined {
    return this._segment(index)?.kind;
  }

  /** Where a row is; -1 where it is no more. */
  indexOf(row: Pick<ITreeRow, 'key' | 'parentKey' | 'id'>): number {
    for (const segment of this._built()) {
      const offset = segment.indexOf(row);
      if (offset !== -1) {
        return segment.start + offset;
      }
    }
    return -1;
  }

  /** Show or hide what is below a row. */
  toggle(row: ITreeRow): void {
    if (row.kind === 'group') {
      if (!this._openGroups.delete(row.id)) {
        this._openGroups.add(row.id);
      }
    } else if (row.kind === 'run' && row.isExpandable) {
      row.branch?.toggle(row.id);
    }
    this._touch();
  }

  /** What a row that loads, or could not, stands for: read it. */
  async load(row: ITreeRow): Promise<void> {
    // What is read before the stream is open could miss what happens meanwhile.
    await this._model.stream.ready;
    if (row.branch?.list.error) {
      row.branch.retry();
    } else {
      await (row.branch?.list ?? this._groups()).more();
    }
  }

  /** What is known about an experiment. */
  experiment(name: string): Experiment | undefined {
    return this._groups().get(name);
  }

  /** The ids of the runs in a stretch of rows. */
  runsBetween(first: number, last: number): string[] {
    const found: string[] = [];
    for (let index = first; index <= last; index++) {
      const row = this.row(index);
      if (row?.kind === 'run') {
        found.push(row.id);
      }
    }
    return found;
  }

  /** Read everything that is shown again. */
  refresh(): void {
    if (this.isGrouped) {
      void this._groups().refresh();
      this._branches.forEach(branch => branch.refresh());
    } else {
      this._root.refresh();
    }
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._model.stream.stateChanged.disconnect(this._onState, this);
    this._model.stream.reset.disconnect(this._onReset, this);
    this._root.dispose();
    this._branches.forEach(branch => branch.dispose());
    this._experiments?.dispose();
    Signal.clearData(this);
  }

  private _branch(filter: IRunFilter, key: string, level: number): Branch {
    return new Branch(this._model, filter, key, level, isAsked =>
      isAsked ? this._touch() : this._touchSoon()
    );
  }

  private _groups(): ExperimentGroups {
    if (this._experiments === null) {
      const { runs, store } = this._model;
      this._experiments = new ExperimentGroups(runs, store);
      this._experiments.changed.connect(() => this._touchSoon());
    }
    return this._experiments;
  }

  /** A person has changed it, or waits for what was read. */
  private _touch(): void {
    this._isBuilt = false;
    clearTimeout(this._timer);
    this._timer = undefined;
    if (!this._isDisposed) {
      this._toldAt = Date.now();
      this._changed.emit();
    }
  }

  /** Something has happened. */
  private _touchSoon(): void {
    this._isBuilt = false;
    const pace = Math.min(LONGEST_PACE_MS, PACE_MS * this.length);
    const wait = this._toldAt + pace - Date.now();
    if (wait <= 0) {
      this._touch();
    } else if (!this._isDisposed) {
      this._timer ??= setTimeout(() => this._touch(), wait);
    }
  }

  private _built(): readonly Segment[] {
    if (!this._isBuilt) {
      this._isBuilt = true;
      this._segments = [];
      if (this.isGrouped) {
        this._buildGroups();
      } else {
        this._root.build(this._segments);
      }
    }
    return this._segments;
  }

  private _segment(index: number): Segment | undefined {
    const segments = this._built();
    let [low, high] = [0, segments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (segments[middle].start + segments[middle].count <= index) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return segments[low];
  }

  private _buildGroups(): void {
    const groups = this._groups();
    const size = groups.total ?? -1;
    groups.names.forEach((name, position) => {
      const key = GROUP + name;
      const isExpanded = this._openGroups.has(name);
      const place = { level: 1, position, size, parentKey: '' };
      Segment.push(this._segments, {
        kind: 'group',
        key,
        id: name,
        isExpandable: true,
        isExpanded,
        ...place
      });
      if (isExpanded) {
        this._groupBranch(name, key).build(this._segments);
      }
    });
    if (groups.error !== null || groups.hasMore) {
      Segment.push(this._segments, {
        kind: groups.error ? 'failure' : 'loading',
        key: `${GROUP}/more`,
        id: '',
        parentKey: '',
        level: 1,
        position: groups.names.length,
        size,
        isExpandable: false,
        isExpanded: false,
        error: groups.error
      });
    }
  }

  private _groupBranch(name: string, key: string): Branch {
    let branch = this._branches.get(name);
    if (branch === undefined) {
      branch = this._branch({ experiment: name, top: true }, key, 2);
      this._branches.set(name, branch);
    }
    return branch;
  }

  /** What could not be read while the server was away is read when it is back. */
  private _onState(): void {
    if (this._model.stream.state === 'connected') {
      const failed = (branch: Branch) => branch.retry();
      failed(this._root);
      this._branches.forEach(failed);
      if (this._experiments?.error) {
        void this._experiments.more();
      }
    }
  }

  private _onReset(): void {
    if (this._experiments !== null && this._experiments.total !== null) {
      void this._experiments.refresh();
    }
  }

  private _filter: IRunFilter = {};
  private _grouping: Grouping = 'none';
  private _root: Branch;
  private _experiments: ExperimentGroups | null = null;
  private _segments: Segment[] = [];
  private _isBuilt = false;
  private _toldAt = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
  private readonly _openGroups = new Set<string>();
  private readonly _branches = new Map<string, Branch>();
  private readonly _changed = new Signal<this, void>(this);
}
