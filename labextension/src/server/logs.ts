import { Requester } from './request';

/** Bytes of a log, and what the server says of it. */
export interface ILogPart {
  /** Where these bytes begin. */
  readonly offset: number;
  /** How long the log was when the answer began. */
  readonly size: number;
  readonly bytes: Uint8Array;
}

/** What of a log is read; `follow` goes on until the run has ended. */
export interface ILogRange {
  readonly offset: number;
  readonly limit?: number;
  readonly follow?: boolean;
}

/** Reads one log by its bytes; what the models of logs need of the server. */
export interface ILogReader {
  /**
   * Read a part; `take` gets it piece by piece, first an empty one.
   *
   * @throws RequestFailure - no answer, no such log, nobody logged in.
   * @throws TypeError - the connection was lost in the middle.
   */
  stream(
    range: ILogRange,
    take: (part: ILogPart) => void,
    signal: AbortSignal
  ): Promise<void>;
}

/** Reads `GET runs/{runId}/logs/{name}`, or another route that answers like it. */
export class LogReader implements ILogReader {
  /**
   * @param path - the route, in parts.
   */
  constructor(
    private readonly _requester: Requester,
    readonly path: readonly string[]
  ) {}

  /** Where the whole of it can be downloaded. */
  get url(): string {
    return this._requester.url(this.path);
  }

  async stream(
    range: ILogRange,
    take: (part: ILogPart) => void,
    signal: AbortSignal
  ): Promise<void> {
    const url = this._requester.url(this.path, {
      offset: range.offset,
      limit: range.limit,
      follow: range.follow || undefined
    });
    const response = await this._requester.send(url, {
      signal,
      cache: 'no-store'
    });
    const size = Number(response.headers.get('X-Log-Size') ?? range.offset);
    let offset = Number(response.headers.get('X-Log-Offset') ?? range.offset);
    take({ offset, size, bytes: new Uint8Array(0) });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) {
          return;
        }
        take({ offset, size, bytes: value });
        offset += value.length;
      }
    } finally {
      // After an error of `take` nobody wants the rest.
      reader.cancel().catch(() => undefined);
    }
  }
}
