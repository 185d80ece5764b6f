import type { IDisposable } from '@lumino/disposable';

import type { IRunFilter } from '../types';
import type { ExecModel } from './exec';
import type { RunList } from './runlist';

/** A row of the tree of runs. */
export interface ITreeRow {
  /** `loading` reads more when it is seen; `none` tells that nothing is below the row above. */
  readonly kind: 'group' | 'run' | 'loading' | 'failure' | 'none';
  /** Names the row among all rows; a run can be in two places. */
  readonly key: string;
  readonly parentKey: string;
  /** The run's id, the experiment's name. */
  readonly id: string;
  /** From 1. */
  readonly level: number;
  /** Among its siblings, from 0. */
  readonly position: number;
  /** How many siblings there are in all; -1 where nobody knows. */
  readonly size: number;
  readonly isExpandable: boolean;
  readonly isExpanded: boolean;
  /** The list that it is part of. */
  readonly branch?: Branch;
  readonly error?: Error | null;
}

/** A stretch of neighbouring rows: runs of one list, or a single row of another kind. */
export class Segment {
  private constructor(
    readonly kind: ITreeRow['kind'],
    readonly start: number,
    readonly count: number,
    private readonly _make: (offset: number) => ITreeRow,
    private readonly _find: (
      row: Pick<ITreeRow, 'key' | 'parentKey' | 'id'>
    ) => number
  ) {}

  row(offset: number): ITreeRow {
    return this._make(offset);
  }

  /** Where in it a row is; -1 where it is elsewhere. */
  indexOf(row: Pick<ITreeRow, 'key' | 'parentKey' | 'id'>): number {
    return this._find(row);
  }

  /** Append a single row. */
  static push(segments: Segment[], row: ITreeRow): void {
    const find = ({ key }: Pick<ITreeRow, 'key'>) => (key === row.key ? 0 : -1);
    const start = endOf(segments);
    segments.push(new Segment(row.kind, start, 1, () => row, find));
  }

  /** Append the runs of a branch from one place in its list to before another. */
  static runs(
    segments: Segment[],
    branch: Branch,
    from: number,
    to: number
  ): void {
    if (from < to) {
      segments.push(
        new Segment(
          'run',
          endOf(segments),
          to - from,
          offset => branch.row(from + offset),
          ({ parentKey, id }) => {
            const found =
              parentKey === branch.key ? branch.list.ids.indexOf(id) : -1;
            return found >= from && found < to ? found - from : -1;
          }
        )
      );
    }
  }
}

function endOf(segments: readonly Segment[]): number {
  const last = segments[segments.length - 1];
  return last === undefined ? 0 : last.start + last.count;
}

/** A list of runs as part of the tree, with the children of those that are expanded. */
export class Branch implements IDisposable {
  /**
   * @param filter - of the list.
   * @param key - of the row that it is below; empty for the root.
   * @param level - of its rows.
   * @param touch - called when rows have changed; with true when that was asked for.
   */
  constructor(
    private readonly _model: ExecModel,
    filter: IRunFilter,
    readonly key: string,
    readonly level: number,
    private readonly _touch: (isAsked: boolean) => void
  ) {
    this.list = _model.list(filter);
    this.list.idsChanged.connect((_, isRead) => _touch(isRead));
  }

  readonly list: RunList;

  get isDisposed(): boolean {
    return this.list.isDisposed;
  }

  /** The row of a run at a place in the list. */
  row(position: number): ITreeRow {
    const id = this.list.ids[position];
    return {
      kind: 'run',
      key: `${this.key}/${id}`,
      parentKey: this.key,
      id,
      level: this.level,
      position,
      size: this.list.total ?? -1,
      isExpandable: this._model.store.isParent(id),
      isExpanded: this._open.has(id),
      branch: this
    };
  }

  /** Append the rows of this branch and of all below it that is expanded. */
  build(segments: Segment[]): void {
    const { list } = this;
    let from = 0;
    const positions = [...this._open.keys()]
      .filter(id => list.has(id))
      .map(id => list.ids.indexOf(id))
      .sort((a, b) => a - b);
    for (const position of positions) {
      Segment.runs(segments, this, from, position + 1);
      this._open.get(list.ids[position])?.build(segments);
      from = position + 1;
    }
    Segment.runs(segments, this, from, list.ids.length);
    const { error, hasMore } = list;
    const isEmpty = list.ids.length === 0 && this.level > 1;
    if (error !== null || hasMore || isEmpty) {
      const kind =
        error !== null ? 'failure' : hasMore ? 'loading' : ('none' as const);
      Segment.push(segments, {
        kind,
        key: `${this.key}/#${kind}`,
        parentKey: this.key,
        id: '',
        level: this.level,
        position: list.ids.length,
        size: list.total ?? -1,
        isExpandable: false,
        isExpanded: false,
        branch: this,
        error
      });
    }
  }

  /** Show or hide the children of one of its runs. */
  toggle(runId: string): void {
    const open = this._open.get(runId);
    if (open !== undefined) {
      open.dispose();
      this._open.delete(runId);
      return;
    }
    const key = `${this.key}/${runId}`;
    const filter = { parent: runId };
    const branch = new Branch(
      this._model,
      filter,
      key,
      this.level + 1,
      this._touch
    );
    this._open.set(runId, branch);
  }

  /** Read again what could not be read. */
  retry(): void {
    if (this.list.error !== null) {
      void (this.list.hasMore ? this.list.more() : this.list.refresh());
    }
    this._open.forEach(branch => branch.retry());
  }

  /** Read again what was read. */
  refresh(): void {
    if (this.list.total !== null) {
      void this.list.refresh();
    }
    this._open.forEach(branch => branch.refresh());
  }

  dispose(): void {
    this.list.dispose();
    this._open.forEach(branch => branch.dispose());
  }

  private readonly _open = new Map<string, Branch>();
}
