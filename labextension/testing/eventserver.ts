import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

import { ServerConnection } from '@jupyterlab/services';

/** How the server treats the next requests. */
export type Manner =
  | 'stream'
  /** Ends the connection without an answer. */
  | 'hang up'
  /** Takes the connection and says nothing more. */
  | 'silent'
  | { readonly status: number; readonly message: string };

/** A real server whose only route is an event stream that resumes as ours does. */
export class EventServer {
  manner: Manner = 'stream';
  /** Whether it tells its position first; older servers do not. */
  tellsPosition = true;
  /** What it has to say; the id of each is its place, from 1. */
  events: string[] = [];
  /** What the requests had as `Last-Event-ID`, in order. */
  readonly resumed: (string | null)[] = [];
  /** When the requests came, in milliseconds. */
  readonly times: number[] = [];

  /** Listen on a port that is free. */
  async open(): Promise<void> {
    this._server = http.createServer((request, response) =>
      this._answer(request, response)
    );
    await new Promise<void>(resolve =>
      this._server!.listen(0, '127.0.0.1', resolve)
    );
  }

  async close(): Promise<void> {
    this._server?.closeAllConnections();
    await new Promise(resolve => this._server?.close(resolve));
  }

  /** What a page knows about this server. */
  get settings(): ServerConnection.ISettings {
    const { port } = this._server!.address() as AddressInfo;
    const baseUrl = `http://127.0.0.1:${port}/`;
    return ServerConnection.makeSettings({ baseUrl, fetch, Request, Headers });
  }

  /** How many are connected now. */
  get connections(): number {
    return this._open.size;
  }

  /** Wait until something holds, looking whenever a page comes or leaves. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>(resolve => this._waiting.push(resolve));
    }
  }

  /** Make something happen, and tell it to who is connected. */
  happen(count = 1): void {
    for (let i = 0; i < count; i++) {
      const id = this.events.length + 1;
      this.events.push(JSON.stringify({ id, type: 'metrics', runId: 'ü' }));
      this.write(this._block(id));
    }
  }

  /** Send bytes to who is connected. */
  write(text: string | Uint8Array): void {
    this._open.forEach(response => response.write(text));
  }

  /** End all connections: politely, or as a cable that is pulled. */
  drop(politely = false): void {
    for (const response of this._open) {
      if (politely) {
        response.end();
      } else {
        response.destroy();
      }
    }
  }

  private _answer(
    request: http.IncomingMessage,
    response: http.ServerResponse
  ): void {
    const header = request.headers['last-event-id'];
    const last = header === undefined ? null : String(header);
    this.resumed.push(last);
    this.times.push(Date.now());
    this._tell();
    if (this.manner === 'hang up') {
      request.socket.destroy();
    } else if (typeof this.manner === 'object') {
      const { status, message } = this.manner;
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ error: { message } }));
    } else {
      this._open.add(response);
      response.on('close', () => {
        this._open.delete(response);
        this._tell();
      });
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.flushHeaders();
      if (this.manner === 'stream') {
        this._begin(response, last);
      }
    }
  }

  private _tell(): void {
    this._waiting.splice(0).forEach(resolve => resolve());
  }

  private _begin(response: http.ServerResponse, last: string | null): void {
    const newest = this.events.length;
    const since = last === null ? newest : Math.min(Number(last), newest);
    const position = this.tellsPosition ? `id: ${since}\n\n` : '\n';
    response.write(`: connected\n${position}`);
    for (let id = since + 1; id <= newest; id++) {
      response.write(this._block(id));
    }
  }

  private _block(id: number): string {
    return `id: ${id}\nevent: metrics\ndata: ${this.events[id - 1]}\n\n`;
  }

  private _server: http.Server | null = null;
  private _waiting: (() => void)[] = [];
  private readonly _open = new Set<http.ServerResponse>();
}
