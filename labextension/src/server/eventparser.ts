/** One block of a stream of server-sent events. */
export interface IServerSentEvent {
  /** The position in the stream; null where the block has none. */
  readonly id: string | null;
  /** The lines of `data`; null where the block only tells a position. */
  readonly data: string | null;
}

/**
 * Splits the text of a stream into events, wherever it is cut between two calls of `feed`.
 *
 * A block with an id and without data is given too: the server tells its position so.
 * Source: the HTML standard, "Server-sent events".
 */
export class EventParser {
  /** Take more text; return the events that are complete now. */
  feed(text: string): IServerSentEvent[] {
    const found: IServerSentEvent[] = [];
    const whole = this._rest + text;
    // A carriage return at the end may be the first half of a line's end.
    const end = whole.endsWith('\r') ? whole.length - 1 : whole.length;
    const lines = whole.slice(0, end).split(/\r\n|\n|\r/);
    this._rest = lines.pop() + whole.slice(end);
    for (const line of lines) {
      if (line === '') {
        this._end(found);
      } else {
        this._take(line);
      }
    }
    return found;
  }

  private _take(line: string): void {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') {
      this._data.push(value);
    } else if (field === 'id') {
      this._id = value;
    }
  }

  private _end(found: IServerSentEvent[]): void {
    if (this._data.length > 0 || this._id !== null) {
      const data = this._data.length > 0 ? this._data.join('\n') : null;
      found.push({ id: this._id, data });
      this._data = [];
      this._id = null;
    }
  }

  private _rest = '';
  private _id: string | null = null;
  private _data: string[] = [];
}
