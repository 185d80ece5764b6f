import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { RunsApi } from '../server/api';
import type { Datastore, EnvironmentList, RunEvent } from '../types';
import type { RunStore } from './runstore';

/** They are read at most once in this time; a built environment is measured each time. */
const PAUSE_MS = 5000;

/** The environments and datastores of the server; read again after runs were prepared, while seen. */
export class ProvisionsModel implements IDisposable {
  constructor(
    private readonly _api: RunsApi,
    private readonly _store: RunStore
  ) {
    _store.events.connect(this._onEvents, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** As they were read last; null before the first reading. */
  get environments(): EnvironmentList | null {
    return this._environments;
  }

  get datastores(): readonly Datastore[] | null {
    return this._datastores;
  }

  /** Why they could not be read the last time. */
  get error(): Error | null {
    return this._error;
  }

  /** Whether the datastores are being asked whether they answer. */
  get isChecking(): boolean {
    return this._isChecking;
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

  /** Read them now. */
  refresh(): void {
    this._readAt = 0;
    this._isStale = true;
    this._schedule();
  }

  /** Ask every datastore whether it answers. */
  async check(): Promise<void> {
    if (this._isChecking) {
      return;
    }
    this._isChecking = true;
    this._changed.emit();
    try {
      this._datastores = await this._api.datastores(true);
      this._error = null;
    } catch (error) {
      this._error = error as Error;
    }
    this._isChecking = false;
    this._tell();
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._store.events.disconnect(this._onEvents, this);
    Signal.clearData(this);
  }

  private _onEvents(_: RunStore, events: readonly RunEvent[]): void {
    // A run that is being started has used its environment.
    const isUsed = (event: RunEvent) =>
      event.type === 'state' && event.status === 'Starting';
    if (events.some(event => isUsed(event) || event.type === 'deleted')) {
      this._isStale = true;
      this._schedule();
    }
  }

  private _schedule(): void {
    if (!this._isVisible || this._isReading || this._isDisposed) {
      return;
    }
    clearTimeout(this._timer);
    const wait = Math.max(0, this._readAt + PAUSE_MS - Date.now());
    this._timer = setTimeout(() => void this._read(), wait);
  }

  private async _read(): Promise<void> {
    this._isStale = false;
    this._isReading = true;
    this._readAt = Date.now();
    try {
      const [environments, datastores] = await Promise.all([
        this._api.environments(),
        this._api.datastores()
      ]);
      this._environments = environments;
      this._datastores = withReach(datastores, this._datastores);
      this._error = null;
    } catch (error) {
      this._error = error as Error;
    }
    this._isReading = false;
    this._tell();
    if (this._isStale) {
      this._schedule();
    }
  }

  private _tell(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _environments: EnvironmentList | null = null;
  private _datastores: readonly Datastore[] | null = null;
  private _error: Error | null = null;
  private _isVisible = false;
  private _isStale = true;
  private _isReading = false;
  private _isChecking = false;
  private _readAt = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

/** What a check has told stays until the next one. */
function withReach(
  stores: readonly Datastore[],
  before: readonly Datastore[] | null
): Datastore[] {
  return stores.map(store => {
    const old = before?.find(({ name }) => name === store.name);
    return old === undefined || old.reachable === null || store.error !== null
      ? store
      : { ...store, reachable: old.reachable, error: old.error };
  });
}
