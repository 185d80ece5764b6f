import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { RunEvent } from '../types';
import { RequestFailure } from './errors';
import { EventParser, IServerSentEvent } from './eventparser';
import { Requester } from './request';

/** How the event stream is doing. */
export type ConnectionState =
  'connecting' | 'connected' | 'disconnected' | 'unauthorized' | 'noRoute';

/** How long to wait for what; in milliseconds. */
export interface IStreamTimes {
  /** Pauses between attempts; the last one is repeated. */
  readonly backOff: readonly number[];
  /** The pause where only a person can help: somebody has to log in, or to update the server. */
  readonly helpless: number;
  /** How long others wait for the first attempt. */
  readonly patience: number;
  /** The least time between two readings: what comes meanwhile is told together. */
  readonly pace: number;
  /** After this silence a connection counts as dead. */
  readonly silence: number;
  /** After this silence `retry` opens a new connection. */
  readonly stale: number;
}

/** So many events are told together at most; after more the next reading follows at once. */
const BURST = 500;

/** The server sends a comment every 15 s. */
const TIMES: IStreamTimes = {
  backOff: [250, 500, 1000, 2000, 5000, 10_000],
  helpless: 30_000,
  patience: 2000,
  pace: 250,
  silence: 40_000,
  stale: 20_000
};

/**
 * Follows `GET events` for as long as it lives: over lost connections, sleep and server restarts.
 *
 * It uses fetch, not EventSource, which cannot send Jupyter's token. `Last-Event-ID` makes the
 * server send what was missed.
 *
 * A first event is told at once. While more come, what is not read yet waits outside the page's
 * main thread, so that a page wakes up, and draws, four times a second and not for every event.
 */
export class EventStream implements IDisposable {
  constructor(
    private readonly _requester: Requester,
    private readonly _times: IStreamTimes = TIMES
  ) {}

  /**
   * Fulfilled when the first attempt has succeeded or failed, or takes long. What is read from the
   * server after that, and changed by the events, misses nothing.
   */
  get ready(): Promise<void> {
    return this._ready;
  }

  /** Events in the order in which they came; many at once after an absence. */
  get events(): ISignal<this, readonly RunEvent[]> {
    return this._events;
  }

  /** Events may have been missed, for example since the server's database is another: read again. */
  get reset(): ISignal<this, void> {
    return this._reset;
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

  /**
   * Whether readings keep their pace. Not while nobody sees the page: a browser lets timers there
   * wait for up to a minute.
   */
  isPaced = true;

  /** Begin to follow; a second call does nothing. */
  start(): void {
    if (!this._started && !this._isDisposed) {
      this._started = true;
      const late = setTimeout(() => this._tried(), this._times.patience);
      this._ready = new Promise(resolve => {
        this._tried = () => {
          clearTimeout(late);
          resolve();
        };
      });
      void this._follow();
    }
  }

  /** Try again at once, for example when the network is back or the computer has slept. */
  retry(): void {
    this._failures = 0;
    this._wake?.();
    if (
      this._state === 'connected' &&
      Date.now() - this._heard > this._times.stale
    ) {
      this._abort?.abort();
    }
  }

  dispose(): void {
    this._isDisposed = true;
    this._abort?.abort();
    this._wake?.();
    this._tried();
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
      this._tried();
      if (!this._isDisposed) {
        await this._pause();
      }
    }
  }

  /** Read one connection to its end. */
  private async _read(): Promise<void> {
    const abort = (this._abort = new AbortController());
    const { silence } = this._times;
    let timer = setTimeout(() => abort.abort(), silence);
    try {
      const reader = (await this._open(abort.signal)).getReader();
      const decoder = new TextDecoder();
      const parser = new EventParser();
      let next = reader.read();
      for (;;) {
        let { value } = await next;
        if (value === undefined || this._isDisposed) {
          return;
        }
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), silence);
        this._hear();
        const found: IServerSentEvent[] = [];
        while (value !== undefined) {
          found.push(...parser.feed(decoder.decode(value, { stream: true })));
          next = reader.read();
          // Not every browser joins what came while nobody read.
          const isMore = this.isPaced && found.length < BURST;
          value = isMore
            ? (await Promise.race([next, moment()]))?.value
            : undefined;
        }
        this._take(found);
        // Not before what was said first: the position, and that everything may be another.
        this._setState('connected');
        this._tried();
        if (this.isPaced && found.length < BURST) {
          // What a lost connection takes with it is sent again, after the last id.
          await moment(this._times.pace);
        }
      }
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }

  private async _open(
    signal: AbortSignal
  ): Promise<ReadableStream<Uint8Array>> {
    const headers: Record<string, string> = { Accept: 'text/event-stream' };
    if (this._lastId !== null) {
      headers['Last-Event-ID'] = String(this._lastId);
    }
    const address = this._requester.url(['events']);
    const init: RequestInit = { headers, signal, cache: 'no-store' };
    const response = await this._requester.send(address, init);
    if (response.body === null) {
      throw new RequestFailure('unreachable', 'The answer has no body.');
    }
    if (this._wasConnected && this._lastId === null) {
      // The server never told where the stream was when the connection was lost.
      this._reset.emit();
    }
    return response.body;
  }

  private _hear(): void {
    this._heard = Date.now();
    this._failures = 0;
    this._wasConnected = true;
  }

  private _take(found: readonly IServerSentEvent[]): void {
    let fresh: RunEvent[] = [];
    for (const { id, data } of found) {
      const event = data === null ? null : parsed(data);
      const position = Number(event?.id ?? id ?? NaN);
      if (Number.isNaN(position)) {
        continue;
      }
      if (this._lastId !== null && position < this._lastId) {
        this._emit(fresh);
        fresh = [];
        this._lastId = null;
        this._reset.emit();
      }
      if (event !== null && event.id !== this._lastId) {
        fresh.push(event);
      }
      this._lastId = position;
    }
    this._emit(fresh);
  }

  private _emit(events: readonly RunEvent[]): void {
    if (events.length > 0 && !this._isDisposed) {
      this._events.emit(events);
    }
  }

  private async _pause(): Promise<void> {
    const { backOff, helpless } = this._times;
    const known = backOff[Math.min(this._failures++, backOff.length - 1)];
    const ms = this._state === 'disconnected' ? known : helpless;
    await new Promise<void>(resolve => {
      // Spread out, so that many tabs do not come back at the same moment.
      const timer = setTimeout(resolve, ms * (0.75 + Math.random() / 2));
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
  private _heard = 0;
  private _failures = 0;
  private _started = false;
  private _wasConnected = false;
  private _isDisposed = false;
  private _abort: AbortController | null = null;
  private _wake: (() => void) | null = null;
  private _ready = Promise.resolve();
  private _tried: () => void = () => undefined;
  private readonly _events = new Signal<this, readonly RunEvent[]>(this);
  private readonly _reset = new Signal<this, void>(this);
  private readonly _stateChanged = new Signal<this, ConnectionState>(this);
}

function moment(ms = 0): Promise<undefined> {
  return new Promise(resolve => setTimeout(() => resolve(undefined), ms));
}

/** An event's JSON; null where it is none, which must not end the stream again and again. */
function parsed(data: string): RunEvent | null {
  try {
    return JSON.parse(data) as RunEvent;
  } catch (error) {
    console.error('An event of the server is not JSON:', data, error);
    return null;
  }
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

/**
 * Let a page help: try again as soon as it is seen, used or online again; keep the pace of reading
 * while it is seen.
 *
 * @returns what undoes it.
 */
export function retryWithPage(stream: EventStream, page: Window): () => void {
  const retry = () => stream.retry();
  const pace = () => {
    stream.isPaced = page.document.visibilityState === 'visible';
  };
  const onVisible = () => {
    pace();
    if (stream.isPaced) {
      stream.retry();
    }
  };
  pace();
  page.addEventListener('online', retry);
  page.addEventListener('focus', retry);
  page.document.addEventListener('visibilitychange', onVisible);
  return () => {
    page.removeEventListener('online', retry);
    page.removeEventListener('focus', retry);
    page.document.removeEventListener('visibilitychange', onVisible);
  };
}
