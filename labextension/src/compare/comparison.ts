import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { MetricsModel } from '../metrics/metricsmodel';
import type { ExecModel } from '../model/exec';
import type { Run } from '../types';

/** More lines than that nobody tells apart; more columns nobody reads. */
export const MOST_RUNS = 20;

/** A run of a comparison. */
export interface ICompared {
  readonly runId: string;
  /** As it is known now; as it was last known where somebody has deleted it. */
  readonly run: Run | undefined;
  /** Somebody has deleted it. */
  readonly isDeleted: boolean;
  /** Why it could not be read. */
  readonly error: Error | null;
  readonly metrics: MetricsModel;
  /** The number of its look; it stays when others are removed. */
  readonly look: number;
}

/** The runs that are compared: each with its definition and its metrics, live. */
export class Comparison implements IDisposable {
  constructor(
    private readonly _model: ExecModel,
    runIds: readonly string[]
  ) {
    _model.store.changed.connect(this._onStore, this);
    _model.stream.stateChanged.connect(this._onConnection, this);
    runIds.forEach(runId => this.add(runId));
  }

  /** Runs were added or removed. */
  get idsChanged(): ISignal<this, void> {
    return this._idsChanged;
  }

  /** Something about the runs or their metrics is different. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get runIds(): string[] {
    return [...this._parts.keys()];
  }

  get runs(): ICompared[] {
    return [...this._parts].map(([runId, part]) => {
      part.run = this._model.store.get(runId) ?? part.run;
      const isDeleted = this._model.store.isDeleted(runId);
      return { ...part, runId, isDeleted };
    });
  }

  get isFull(): boolean {
    return this._parts.size >= MOST_RUNS;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Compare one more; nothing where it is there already, or there are too many. */
  add(runId: string): void {
    if (this._parts.has(runId) || this.isFull) {
      return;
    }
    const { runs, store } = this._model;
    const metrics = new MetricsModel(runId, runs, store);
    metrics.changed.connect(() => this._changed.emit());
    const used = new Set([...this._parts.values()].map(part => part.look));
    let look = 0;
    while (used.has(look)) {
      look += 1;
    }
    this._parts.set(runId, { metrics, look, error: null, run: undefined });
    this.read(runId);
    this._idsChanged.emit();
    this._changed.emit();
  }

  /** Read a run and its metrics, again where that has failed. */
  read(runId: string): void {
    const part = this._parts.get(runId);
    if (part === undefined) {
      return;
    }
    part.error = null;
    void part.metrics.load();
    this._model.store.fetch(runId).then(
      () => this._changed.emit(),
      (error: Error) => {
        part.error = error;
        this._changed.emit();
      }
    );
  }

  remove(runId: string): void {
    this._parts.get(runId)?.metrics.dispose();
    if (this._parts.delete(runId)) {
      this._idsChanged.emit();
      this._changed.emit();
    }
  }

  dispose(): void {
    this._isDisposed = true;
    this._model.store.changed.disconnect(this._onStore, this);
    this._model.stream.stateChanged.disconnect(this._onConnection, this);
    this._parts.forEach(part => part.metrics.dispose());
    Signal.clearData(this);
  }

  /** A server that was away has answers now. */
  private _onConnection(): void {
    if (this._model.stream.state === 'connected') {
      for (const [runId, part] of this._parts) {
        if (part.error !== null || part.metrics.error !== null) {
          this.read(runId);
        }
      }
    }
  }

  private _onStore(
    _: unknown,
    changes: { changed: ReadonlySet<string>; deleted: ReadonlySet<string> }
  ): void {
    const ids = this.runIds;
    if (ids.some(id => changes.changed.has(id) || changes.deleted.has(id))) {
      this._changed.emit();
    }
  }

  private _isDisposed = false;
  private readonly _parts = new Map<
    string,
    {
      metrics: MetricsModel;
      look: number;
      error: Error | null;
      run: Run | undefined;
    }
  >();
  private readonly _idsChanged = new Signal<this, void>(this);
  private readonly _changed = new Signal<this, void>(this);
}
