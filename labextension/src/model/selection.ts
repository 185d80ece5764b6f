import { ISignal, Signal } from '@lumino/signaling';

import type { IRunChanges } from './runstore';
import { RunStore } from './runstore';

/** The runs that are selected for a common action. */
export class Selection {
  constructor(store: RunStore) {
    store.changed.connect(this._onChanged, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get size(): number {
    return this._ids.size;
  }

  /** In the order in which they were selected. */
  get ids(): readonly string[] {
    return [...this._ids];
  }

  has(runId: string): boolean {
    return this._ids.has(runId);
  }

  toggle(runId: string): void {
    if (!this._ids.delete(runId)) {
      this._ids.add(runId);
    }
    this._changed.emit();
  }

  /** Select these too. */
  add(runIds: readonly string[]): void {
    runIds.forEach(id => this._ids.add(id));
    this._changed.emit();
  }

  clear(): void {
    if (this._ids.size > 0) {
      this._ids.clear();
      this._changed.emit();
    }
  }

  private _onChanged(_: RunStore, { deleted }: IRunChanges): void {
    if ([...deleted].filter(id => this._ids.delete(id)).length > 0) {
      this._changed.emit();
    }
  }

  private readonly _ids = new Set<string>();
  private readonly _changed = new Signal<this, void>(this);
}
