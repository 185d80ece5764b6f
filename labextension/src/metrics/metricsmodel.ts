import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { isTerminal } from '../model/lifecycle';
import type { RunStore } from '../model/runstore';
import type { RunsApi } from '../server/api';
import type { Point, RunEvent } from '../types';

/** As many points one event brings at most; where it brings as many there may have been more. */
const POINTS_PER_EVENT = 200;
/** As many points of a metric are asked for: more than a chart has room for. */
const POINTS = 2000;
/** The whole is read again at most once in this time. */
const REREAD_MS = 2000;
/** Views are told at most once in this time. */
const TELL_MS = 250;

type MetricsEvent = Extract<RunEvent, { type: 'metrics' }>;

/**
 * The metrics of a run: read once, then kept up to date by the event stream.
 *
 * The arrays of points are replaced when something was added, so that a view sees by identity what
 * is new.
 */
export class MetricsModel implements IDisposable {
  constructor(
    readonly runId: string,
    private readonly _api: RunsApi,
    private readonly _store: RunStore
  ) {
    _store.events.connect(this._onEvents, this);
  }

  /** There are other points, or reading them has failed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Points by metric, in the order of the first point of each; null until they were read. */
  get metrics(): ReadonlyMap<string, readonly Point[]> | null {
    return this._metrics;
  }

  /** How many points a metric has; more than are in `metrics` where it was thinned. */
  total(name: string): number {
    const here = this._metrics?.get(name)?.length ?? 0;
    return here + (this._missing.get(name) ?? 0);
  }

  /** Why the points could not be read. */
  get error(): Error | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Read everything; calls during a reading share it. */
  load(): Promise<void> {
    this._reading ??= this._read().finally(() => {
      this._reading = null;
    });
    return this._reading;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._reread);
    clearTimeout(this._telling);
    this._store.events.disconnect(this._onEvents, this);
    Signal.clearData(this);
  }

  private async _read(): Promise<void> {
    this._early = [];
    this._readAt = Date.now();
    try {
      const { metrics, total } = await this._api.metrics(this.runId, POINTS);
      this._metrics = new Map(Object.entries(metrics));
      this._missing = new Map(
        // A server from before it thinned has no totals.
        Object.entries(total ?? {})
          .map(
            ([name, all]) => [name, all - (metrics[name]?.length ?? 0)] as const
          )
          .filter(([, missing]) => missing > 0)
      );
      this._error = null;
      this._known = new Map();
      for (const event of this._early) {
        this._append(event);
      }
    } catch (error) {
      this._error = error as Error;
    }
    this._early = null;
    this._tell(0);
  }

  private _onEvents(_: RunStore, events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.runId !== this.runId) {
        continue;
      }
      if (event.type === 'metrics') {
        this._take(event);
      } else if (event.type === 'state' && isTerminal(event.status)) {
        this._readSoon(); // The last word: all points, in the order of the file.
      }
    }
  }

  private _take(event: MetricsEvent): void {
    if (this._early !== null) {
      this._early.push(event);
    } else if (this._metrics === null) {
      return; // Not read yet, or that has failed: there is nothing to add to.
    } else {
      this._append(event);
    }
    if (event.metrics.length >= POINTS_PER_EVENT) {
      this._readSoon();
    }
  }

  private _append(event: MetricsEvent): void {
    const added = new Map<string, Point[]>();
    for (const { name, ...point } of event.metrics) {
      if (!this._has(name, point)) {
        added.set(name, [...(added.get(name) ?? []), point]);
      }
    }
    for (const [name, points] of added) {
      this._metrics!.set(name, [
        ...(this._metrics!.get(name) ?? []),
        ...points
      ]);
    }
    if (added.size > 0) {
      this._tell(TELL_MS);
    }
  }

  /** Whether the reading has brought a point already; each counts once. */
  private _has(name: string, point: Point): boolean {
    if (this._missing.has(name) && this._early !== null) {
      // Thinned: what came while it was read may be among the points that are not here.
      const last = this._metrics!.get(name)?.slice(-1)[0];
      return (point.time ?? 0) <= (last?.time ?? 0);
    }
    let known = this._known.get(name);
    if (known === undefined) {
      const last = this._metrics!.get(name)?.slice(-5 * POINTS_PER_EVENT) ?? [];
      known = new Set(last.map(keyOf));
      this._known.set(name, known);
    }
    return known.delete(keyOf(point));
  }

  private _readSoon(): void {
    if (this._reread === undefined) {
      const wait = Math.max(0, this._readAt + REREAD_MS - Date.now());
      this._reread = setTimeout(() => {
        this._reread = undefined;
        void (this._reading ?? Promise.resolve()).then(() => this.load());
      }, wait);
    }
  }

  private _tell(afterMs: number): void {
    if (!this._isDisposed && this._telling === undefined) {
      this._telling = setTimeout(() => {
        this._telling = undefined;
        this._changed.emit();
      }, afterMs);
    }
  }

  private _metrics: Map<string, readonly Point[]> | null = null;
  private _missing: ReadonlyMap<string, number> = new Map();
  private _error: Error | null = null;
  private _isDisposed = false;
  private _reading: Promise<void> | null = null;
  private _readAt = 0;
  private _early: MetricsEvent[] | null = null;
  private _known = new Map<string, Set<string>>();
  private _reread: ReturnType<typeof setTimeout> | undefined;
  private _telling: ReturnType<typeof setTimeout> | undefined;
  private readonly _changed = new Signal<this, void>(this);
}

function keyOf(point: Point): string {
  return JSON.stringify([point.value, point.step, point.time]);
}
