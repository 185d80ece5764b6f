import { MemoryLog } from './logreader.testing';
import { findInLine, LogSearch, MOST_MATCHES } from './logsearch';

const encode = (text: string) => new TextEncoder().encode(text);

async function search(
  text: string,
  query: string,
  { isCaseSensitive = false, piece = 1 << 16 } = {}
): Promise<readonly number[]> {
  const log = new MemoryLog(encode(text));
  log.piece = piece;
  const found = new LogSearch(log, query, isCaseSensitive);
  await found.run(log.bytes.length);
  expect(found.position).toBe(log.bytes.length);
  return found.matches;
}

describe('LogSearch', () => {
  it('finds the places in bytes', async () => {
    expect(await search('née Error, error', 'error')).toEqual([5, 12]);
    expect(
      await search('error Error', 'Error', { isCaseSensitive: true })
    ).toEqual([6]);
  });

  it('finds what lies over the border of two pieces, once', async () => {
    for (let piece = 1; piece < 9; piece++) {
      expect(await search('aa needle needle aa', 'needle', { piece })).toEqual([
        3, 10
      ]);
      expect(await search('aaaa', 'aa', { piece })).toEqual([0, 2]);
    }
  });

  it('knows letters beyond ASCII, and takes no byte for a letter', async () => {
    expect(await search('É é ã', 'é', { piece: 1 })).toEqual([0, 3]);
    expect(await search('日本', '本')).toEqual([3]);
  });

  it('takes the query as it is', async () => {
    expect(await search('a.b [x] a+b', '[x]')).toEqual([4]);
    expect(await search('axb a.b', 'a.b')).toEqual([4]);
  });

  it('goes on when there is more', async () => {
    const log = new MemoryLog(encode('one tw'));
    const found = new LogSearch(log, 'two', false);
    await found.run(6);
    expect(found.matches).toEqual([]);
    log.append('o');
    await found.run(7);
    expect(found.matches).toEqual([4]);
    expect(found.indexFrom(0)).toBe(0);
    expect(found.indexFrom(5)).toBe(1);
  });

  it('can be cancelled, and tells what failed', async () => {
    const log = new MemoryLog(encode('x'.repeat(1000)));
    log.piece = 10;
    const found = new LogSearch(log, 'x', false);
    const done = found.run(1000);
    found.cancel();
    await done;
    expect(found.position).toBeLessThan(1000);
    expect(found.error).toBeNull();
    log.isDown = true;
    await found.run(1000);
    expect(found.error?.message).toBe('gone');
  });

  it('keeps no more than so many', async () => {
    const log = new MemoryLog(new Uint8Array(MOST_MATCHES + 50).fill(120));
    const found = new LogSearch(log, 'x', false);
    await found.run(log.bytes.length);
    expect(found.matches).toHaveLength(MOST_MATCHES);
    expect(found.isFull).toBe(true);
  });
});

describe('findInLine', () => {
  it('counts characters', () => {
    expect(findInLine('née Error error', 'error', false)).toEqual([
      [4, 9],
      [10, 15]
    ]);
    expect(findInLine('a-b/c', '-b/', true)).toEqual([[1, 4]]);
  });
});
