import { BLOCK_BYTES, BlockCache } from './logblocks';

const encode = (text: string) => new TextEncoder().encode(text);

function cacheOf(text: string): BlockCache {
  const cache = new BlockCache();
  cache.write(0, encode(text));
  return cache;
}

/** Every line, found from the front; and the same found from the back. */
function bothWays(cache: BlockCache): [number, number][] {
  const forward: [number, number][] = [];
  for (let at = 0; at < cache.size;) {
    const end = cache.lineEnd(at) as number;
    forward.push([at, end]);
    at = end;
  }
  const backward: [number, number][] = [];
  for (let end = cache.size; end > 0;) {
    const start = cache.lineStart(end - 1) as number;
    backward.unshift([start, end]);
    end = start;
  }
  expect(backward).toEqual(forward);
  return forward;
}

describe('BlockCache', () => {
  it('finds lines inside a block', () => {
    expect(bothWays(cacheOf('one\n\nthree'))).toEqual([
      [0, 4],
      [4, 5],
      [5, 10]
    ]);
  });

  it('joins a line that crosses a border', () => {
    const text = `a\n${'b'.repeat(BLOCK_BYTES)}\nc\n`;
    const lines = bothWays(cacheOf(text));
    expect(lines).toEqual([
      [0, 2],
      [2, BLOCK_BYTES + 3],
      [BLOCK_BYTES + 3, BLOCK_BYTES + 5]
    ]);
  });

  it('reads what lies over a border', () => {
    const cache = cacheOf(`${'x'.repeat(BLOCK_BYTES - 2)}\n"é"`);
    const [start, end] = bothWays(cache)[1];
    expect(new TextDecoder().decode(cache.read(start, end))).toBe('"é"');
  });

  it('cuts where a whole block has no newline, but no character', () => {
    // The second byte of an "é" is the first one of the second block.
    const text = `x${'é'.repeat(2 * BLOCK_BYTES)}\nend`;
    const cache = cacheOf(text);
    const lines = bothWays(cache);
    const longest = Math.max(...lines.map(([start, end]) => end - start));
    expect(longest).toBeLessThanOrEqual(2 * BLOCK_BYTES);
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const texts = lines.map(([start, end]) =>
      decoder.decode(cache.read(start, end))
    );
    expect(texts.join('')).toBe(text);
  });

  it('begins a line after a newline that ends a block', () => {
    const cache = cacheOf(
      `${'x'.repeat(BLOCK_BYTES - 1)}\n${'y'.repeat(BLOCK_BYTES + 5)}\nz`
    );
    expect(bothWays(cache).map(([start]) => start)[1]).toBe(BLOCK_BYTES);
  });

  it('tells which block is missing', () => {
    const cache = new BlockCache();
    cache.size = 3 * BLOCK_BYTES;
    expect(cache.lineStart(BLOCK_BYTES + 1)).toEqual({ missing: 1 });
    expect(cache.lineEnd(0)).toEqual({ missing: 0 });
    cache.write(BLOCK_BYTES, encode('no newline'));
    expect(cache.lineStart(BLOCK_BYTES + 1)).toEqual({ missing: 1 });
  });

  it('grows at its end', () => {
    const cache = cacheOf('one\ntw');
    expect(bothWays(cache)).toHaveLength(2);
    cache.write(6, encode('o\nthree'));
    expect(bothWays(cache).map(([start]) => start)).toEqual([0, 4, 8]);
    // What is there already, or leaves a gap, changes nothing.
    cache.write(0, encode('one'));
    cache.write(20, encode('far'));
    expect(cache.lineEnd(8)).toEqual({ missing: 0 });
  });

  it('keeps only so many blocks', () => {
    const cache = new BlockCache(3);
    for (let index = 0; index < 6; index++) {
      cache.write(index * BLOCK_BYTES, new Uint8Array(BLOCK_BYTES).fill(10));
    }
    expect(cache.count).toBe(3);
    expect(cache.get(0)).toBeUndefined();
    expect(cache.get(5)).toBeDefined();
  });

  it('knows the number of a line where all before was read', () => {
    const cache = new BlockCache(2);
    const lines = encode('1234567\n'.repeat(BLOCK_BYTES / 8));
    cache.size = 4 * BLOCK_BYTES;
    cache.write(3 * BLOCK_BYTES, lines);
    expect(cache.lineNumber(3 * BLOCK_BYTES)).toBeUndefined();
    for (let index = 0; index < 4; index++) {
      cache.write(index * BLOCK_BYTES, lines);
    }
    expect(cache.lineNumber(3 * BLOCK_BYTES + 8)).toBe(
      (3 * BLOCK_BYTES) / 8 + 2
    );
  });
});
