/** How much of a log is read at once. */
export const BLOCK_BYTES = 1 << 18;
/** The byte that ends a line. */
export const NEWLINE = 10;

/** A part of a log that begins at a multiple of `BLOCK_BYTES`; the last one of a log may grow. */
export class LogBlock {
  constructor(readonly start: number) {}

  /** What is there of it. */
  get bytes(): Uint8Array {
    return this._bytes.subarray(0, this._length);
  }

  /** Where the part that is there ends, in the log. */
  get end(): number {
    return this.start + this._length;
  }

  get isFull(): boolean {
    return this._length === BLOCK_BYTES;
  }

  /** The places of its newlines, counted from its start. */
  get newlines(): readonly number[] {
    return this._newlines;
  }

  /** Take bytes that follow what is there; returns how many fitted. */
  append(more: Uint8Array): number {
    const taken = more.subarray(0, BLOCK_BYTES - this._length);
    if (this._bytes.length < this._length + taken.length) {
      const grown = new Uint8Array(
        Math.min(
          BLOCK_BYTES,
          Math.max(2 * this._bytes.length, this._length + taken.length)
        )
      );
      grown.set(this.bytes);
      this._bytes = grown;
    }
    this._bytes.set(taken, this._length);
    let at = taken.indexOf(NEWLINE);
    while (at >= 0) {
      this._newlines.push(this._length + at);
      at = taken.indexOf(NEWLINE, at + 1);
    }
    this._length += taken.length;
    return taken.length;
  }

  /** The first newline at or after a place of this block; -1 where there is none. */
  newlineFrom(place: number): number {
    const index = firstAtLeast(this._newlines, place);
    return index < this._newlines.length ? this._newlines[index] : -1;
  }

  /** The last newline before a place of this block; -1 where there is none. */
  newlineBefore(place: number): number {
    const index = firstAtLeast(this._newlines, place);
    return index > 0 ? this._newlines[index - 1] : -1;
  }

  /** How many newlines lie before a place of this block. */
  countBefore(place: number): number {
    return firstAtLeast(this._newlines, place);
  }

  private _bytes = new Uint8Array(0);
  private _length = 0;
  private readonly _newlines: number[] = [];
}

/** The index of the first value that is not less; sorted values. */
function firstAtLeast(values: readonly number[], wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
