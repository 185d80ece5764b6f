/** A log as blocks of bytes, and the lines in them. No DOM, no requests. */

/** How much is read at once. */
export const BLOCK_BYTES = 1 << 18;
const NEWLINE = 10;

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

/** What `BlockCache` answers where it would have to look into a block that is not there. */
export interface IMissing {
  readonly missing: number;
}

/**
 * The blocks that are kept, and where lines begin and end in them.
 *
 * A line ends after a newline. Where a whole block has none, lines end at its borders too, so that
 * no line is longer than two blocks; whoever asks from either side finds the same lines.
 */
export class BlockCache {
  /**
   * @param capacity - how many blocks are kept; the one that nobody has used for longest goes.
   */
  constructor(readonly capacity = 32) {}

  /** How many bytes the log has, as far as is known. */
  size = 0;

  /** A block, if it is there; it counts as used. */
  get(index: number): LogBlock | undefined {
    const block = this._blocks.get(index);
    if (block !== undefined) {
      this._blocks.delete(index);
      this._blocks.set(index, block);
    }
    return block;
  }

  /** How many blocks are kept now. */
  get count(): number {
    return this._blocks.size;
  }

  /** Whether everything that the log has in a block is there. */
  isWhole(index: number): boolean {
    const block = this._blocks.get(index);
    const end = Math.min(this.size, (index + 1) * BLOCK_BYTES);
    return block !== undefined && block.end >= end;
  }

  /** Take bytes of the log; what does not follow on what is there is left out. */
  write(offset: number, bytes: Uint8Array): void {
    let at = offset;
    let rest = bytes;
    this.size = Math.max(this.size, offset + bytes.length);
    while (rest.length > 0) {
      const index = Math.floor(at / BLOCK_BYTES);
      const start = index * BLOCK_BYTES;
      const here = Math.min(rest.length, start + BLOCK_BYTES - at);
      this._writeBlock(index, at, rest.subarray(0, here));
      at += here;
      rest = rest.subarray(here);
    }
  }

  /** Forget everything: it is another log now. */
  clear(): void {
    this._blocks.clear();
    this._counts.clear();
    this.size = 0;
  }

  /** Where the line begins that holds this byte. */
  lineStart(offset: number): number | IMissing {
    let at = Math.min(Math.max(0, offset), Math.max(0, this.size - 1));
    for (;;) {
      const index = Math.floor(at / BLOCK_BYTES);
      const block = this._whole(index);
      if (!(block instanceof LogBlock)) {
        return block;
      }
      const newline = block.newlineBefore(at - block.start);
      if (newline >= 0) {
        return block.start + newline + 1;
      }
      if (index === 0) {
        return 0;
      }
      const isBreak = this._isBreak(index);
      if (typeof isBreak !== 'boolean') {
        return isBreak;
      }
      const before = this.get(index - 1) as LogBlock;
      if (before.bytes[BLOCK_BYTES - 1] === NEWLINE) {
        return block.start;
      }
      const border = block.start + continuation(block.bytes);
      if (isBreak && border <= at) {
        return border;
      }
      at = block.start - 1;
    }
  }

  /** Where the line ends that begins here, its newline included. */
  lineEnd(start: number): number | IMissing {
    let index = Math.floor(start / BLOCK_BYTES);
    let at = start;
    for (;;) {
      const block = this._whole(index);
      if (!(block instanceof LogBlock)) {
        return block;
      }
      const newline = block.newlineFrom(at - block.start);
      if (newline >= 0) {
        return block.start + newline + 1;
      }
      index += 1;
      const next = index * BLOCK_BYTES;
      if (next >= this.size) {
        return this.size;
      }
      const isBreak = this._isBreak(index);
      if (typeof isBreak !== 'boolean') {
        return isBreak;
      }
      if (isBreak) {
        const border = next + continuation((this.get(index) as LogBlock).bytes);
        if (border > start) {
          return border;
        }
      }
      at = next;
    }
  }

  /** The bytes of a line; its blocks are there, since `lineEnd` has found it. */
  read(start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - start);
    for (let at = start; at < end;) {
      const block = this.get(Math.floor(at / BLOCK_BYTES)) as LogBlock;
      const part = block.bytes.subarray(at - block.start, end - block.start);
      bytes.set(part, at - start);
      at += part.length;
    }
    return bytes;
  }

  /** The number of the line that begins here, from 1; undefined where not all before was read. */
  lineNumber(start: number): number | undefined {
    const index = Math.floor(start / BLOCK_BYTES);
    let count = 0;
    for (let before = 0; before < index; before++) {
      const lines = this._counts.get(before);
      if (lines === undefined) {
        return undefined;
      }
      count += lines;
    }
    const block = this._blocks.get(index);
    return block && count + block.countBefore(start - block.start) + 1;
  }

  private _writeBlock(index: number, at: number, bytes: Uint8Array): void {
    let block = this.get(index);
    if (block === undefined) {
      if (at !== index * BLOCK_BYTES) {
        return;
      }
      block = new LogBlock(at);
      this._blocks.set(index, block);
      this._forgetOldest();
    }
    if (at <= block.end && at + bytes.length > block.end) {
      block.append(bytes.subarray(block.end - at));
    }
    if (block.isFull) {
      this._counts.set(index, block.newlines.length);
    }
  }

  private _forgetOldest(): void {
    for (const index of this._blocks.keys()) {
      if (this._blocks.size <= this.capacity) {
        return;
      }
      this._blocks.delete(index);
    }
  }

  private _whole(index: number): LogBlock | IMissing {
    const block = this.get(index);
    return block !== undefined && this.isWhole(index)
      ? block
      : { missing: index };
  }

  /** Whether a line ends at the border before this block although no newline is there. */
  private _isBreak(index: number): boolean | IMissing {
    let isBreak = false;
    for (const side of [index - 1, index]) {
      const block = this._whole(side);
      if (!(block instanceof LogBlock)) {
        return block;
      }
      isBreak ||= block.isFull && block.newlines.length === 0;
    }
    return isBreak;
  }

  private readonly _blocks = new Map<number, LogBlock>();
  private readonly _counts = new Map<number, number>();
}

/** How many bytes at the start belong to a character of UTF-8 that began before. */
function continuation(bytes: Uint8Array): number {
  let count = 0;
  while (count < 3 && count < bytes.length && (bytes[count] & 0xc0) === 0x80) {
    count += 1;
  }
  return count;
}
