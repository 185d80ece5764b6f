import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { RunEvent } from '../types';
import { RequestFailure } from './errors';
import { Requester } from './request';

/** How the event stream is doing. */
export type ConnectionState =
  'connecting' | 'connected' | 'disconnected' | 'unauthorized' | 'noRoute';

/** Pauses between attempts, in milliseconds; the last one is repeated. */
const BACK_OFF_MS = [250, 500, 1000, 2000, 5000, 10_000];
/** The server sends a comment every 15 s; after this silence the connection counts as dead. */
const SILENCE_MS = 40_000;

/**
 * Splits the text of a stream into events. Source: the HTML standard, "Server-sent events".
 *
 * A line may be cut anywhere between two calls of `feed`.
 */
export class EventParser {
  /** Take more text; return the JSON of the events that are complete now. */
  feed(text: string): unknown[] {
    const found: unknown[] = [];
    const lines = (this._rest + text).split(/\r\n|\n|\r/);
    this._rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '' && this._data.length > 0) {
        found.push(JSON.parse(this._data.join('\n')));
        this._data = [];
      } else if (line.startsWith('data:')) {
        this._data.push(line.slice(5).replace(/^ /, ''));
      }
    }
    return found;
  }

  private _rest = '';
  private _data: string[] = [];
}

/**
 * Follows `GET events` for as long as it lives: over lost connections, sleep and server restarts.
 *
 * It uses fetch, not EventSource, which cannot send Jupyter's token. `Last-Event-ID` makes the
 * server send what was missed.
 */
export class EventStream implements IDisposable {
  constructor(private readonly _requester: Requester) {}

  /** Events in the order in which they came; many at once after an absence. */
  get events(): ISignal<this, readonly RunEvent[]> {
    return this._events;
  }

  get stateChanged(): ISignal<this, ConnectionState> {
    return this._stateChanged;
  }

  get state(): ConnectionState {
    return this._state;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Begin to follow; a second call does nothing. */
  start(): void {
    if (!this._started) {
      this._started = true;
      void this._follow();
    }
  }

  /** Try again at once, for example when the network is back or somebody has logged in. */
  retry(): void {
    this._failures = 0;
    this._wake?.();
  }

  dispose(): void {
    this._isDisposed = true;
    this._abort?.abort();
    this._wake?.();
    Signal.clearData(this);
  }

  private async _follow(): Promise<void> {
    while (!this._isDisposed) {
      try {
        await this._read();
        this._setState('disconnected');
      } catch (error) {
        this._setState(stateOf(error));
      }
      if (!this._isDisposed) {
        await this._pause();
      }
    }
  }

  /** Read one connection to its end. */
  private async _read(): Promise<void> {
    const abort = (this._abort = new AbortController());
    let silence = setTimeout(() => abort.abort(), SILENCE_MS);
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (this._lastId !== null) {
        headers['Last-Event-ID'] = String(this._lastId);
      }
      const response = await this._requester.send(
        this._requester.url(['events']),
        { headers, signal: abort.signal, cache: 'no-store' }
      );
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      const decoder = new TextDecoder();
      const parser = new EventParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) {
          return;
        }
        clearTimeout(silence);
        silence = setTimeout(() => abort.abort(), SILENCE_MS);
        this._failures = 0;
        this._setState('connected');
        this._take(parser.feed(decoder.decode(value, { stream: true })));
      }
    } finally {
      clearTimeout(silence);
      abort.abort();
    }
  }

  private _take(found: readonly unknown[]): void {
    if (found.length > 0 && !this._isDisposed) {
      const events = found as RunEvent[];
      this._lastId = events[events.length - 1].id;
      this._events.emit(events);
    }
  }

  private async _pause(): Promise<void> {
    const index = Math.min(this._failures++, BACK_OFF_MS.length - 1);
    // Spread out, so that many tabs do not come back at the same moment.
    const ms = BACK_OFF_MS[index] * (0.75 + Math.random() / 2);
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms);
      this._wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this._wake = null;
  }

  private _setState(state: ConnectionState): void {
    if (state !== this._state && !this._isDisposed) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  private _state: ConnectionState = 'connecting';
  private _lastId: number | null = null;
  private _failures = 0;
  private _started = false;
  private _isDisposed = false;
  private _abort: AbortController | null = null;
  private _wake: (() => void) | null = null;
  private readonly _events = new Signal<this, readonly RunEvent[]>(this);
  private readonly _stateChanged = new Signal<this, ConnectionState>(this);
}

function stateOf(error: unknown): ConnectionState {
  if (error instanceof RequestFailure) {
    if (error.kind === 'unauthorized' || error.kind === 'forbidden') {
      return 'unauthorized';
    }
    if (error.kind === 'noRoute') {
      return 'noRoute';
    }
  }
  return 'disconnected';
}
