import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { RunsApi } from '../server/api';
import type { RunEvent, Target } from '../types';
import type { RunStore } from './runstore';

/** The targets are read at most once in this time. */
const PAUSE_MS = 1000;

/** The compute targets; read again after runs have begun or ended, while somebody looks. */
export class TargetsModel implements IDisposable {
  constructor(
    private readonly _api: RunsApi,
    private readonly _store: RunStore
  ) {
    _store.events.connect(this._onEvents, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The targets as they were read last; null before the first reading. */
  get targets(): readonly Target[] | null {
    return this._targets;
  }

  /** Why they could not be read the last time. */
  get error(): Error | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether somebody looks; nothing is read while nobody does. */
  set isVisible(isVisible: boolean) {
    this._isVisible = isVisible;
    if (isVisible && this._isStale) {
      this._schedule();
    }
  }

  /** Read them now, or as soon as the pause is over. */
  refresh(): void {
    this._isStale = true;
    this._schedule();
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._store.events.disconnect(this._onEvents, this);
    Signal.clearData(this);
  }

  private _onEvents(_: RunStore, events: readonly RunEvent[]): void {
    const types: readonly string[] = ['created', 'state', 'deleted'];
    if (events.some(event => types.includes(event.type))) {
      this.refresh();
    }
  }

  private _schedule(): void {
    if (!this._isVisible || this._timer !== undefined || this._isDisposed) {
      return;
    }
    const wait = Math.max(0, this._readAt + PAUSE_MS - Date.now());
    this._timer = setTimeout(() => void this._read(), wait);
  }

  private async _read(): Promise<void> {
    this._isStale = false;
    this._readAt = Date.now();
    try {
      this._targets = await this._api.targets();
      this._error = null;
    } catch (error) {
      this._error = error as Error;
    }
    this._timer = undefined;
    if (!this._isDisposed) {
      this._changed.emit();
      if (this._isStale) {
        this._schedule();
      }
    }
  }

  private _targets: readonly Target[] | null = null;
  private _error: Error | null = null;
  private _isVisible = false;
  private _isStale = true;
  private _readAt = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
