import { BLOCK_BYTES } from './logblocks';
import { LogModel } from './logmodel';
import { MemoryLog } from './logreader.testing';

/** Wait until something is so, each time the model says that it has changed. */
function until(model: LogModel, isSo: () => boolean): Promise<void> {
  return new Promise(resolve => {
    const look = () => {
      if (isSo()) {
        model.changed.disconnect(look);
        resolve();
      }
    };
    model.changed.connect(look);
    look();
  });
}

/** The texts of a window, as soon as all of it is there. */
async function texts(
  model: LogModel,
  at: number | 'end',
  before: number,
  after: number
): Promise<string[]> {
  await until(model, () => !model.window(at, before, after).isWaiting);
  return model.window(at, before, after).lines.map(line => line.text);
}

function numbered(count: number): string {
  return Array.from({ length: count }, (_, i) => `line ${i}\n`).join('');
}

function open(log: MemoryLog): LogModel {
  return new LogModel(log, log.bytes.length, () => log.hasEnded);
}

describe('LogModel', () => {
  it('reads only the blocks that are looked at', async () => {
    const log = new MemoryLog(new Uint8Array(100 * BLOCK_BYTES).fill(10));
    log.hasEnded = true;
    const model = open(log);
    model.follow();
    await until(model, () => model.state === 'ended');
    expect(await texts(model, 'end', 3, 0)).toEqual(['', '', '']);
    expect(await texts(model, 50 * BLOCK_BYTES + 9, 1, 1)).toEqual(['', '']);
    expect(log.asked.map(range => range.offset / BLOCK_BYTES)).toEqual([
      99, 50
    ]);
    expect(model.window(0, 1, 1).isWaiting).toBe(true);
  });

  it('follows, and shows half a line until the rest comes', async () => {
    const log = new MemoryLog();
    const model = open(log);
    model.follow();
    await until(model, () => model.state === 'following');
    log.append('one\ntw');
    await until(model, () => model.size === 6);
    expect(await texts(model, 'end', 9, 0)).toEqual(['one', 'tw']);
    log.append('o\n');
    await until(model, () => model.size === 8);
    expect(await texts(model, 'end', 9, 0)).toEqual(['one', 'two']);
    log.hasEnded = true;
    log.wake();
    await until(model, () => model.state === 'ended');
  });

  it('goes on where it was after the server was away', async () => {
    const log = new MemoryLog();
    const model = open(log);
    model.follow();
    log.append('one\n');
    await until(model, () => model.size === 4);
    log.isDown = true;
    log.wake();
    await until(model, () => model.state === 'disconnected');
    log.isDown = false;
    log.append('two\n');
    model.retry();
    await until(model, () => model.size === 8);
    expect(await texts(model, 'end', 9, 0)).toEqual(['one', 'two']);
    expect(log.asked[log.asked.length - 1].offset).toBe(4);
  });

  it('lets go of the connection while it is paused', async () => {
    const log = new MemoryLog();
    const model = open(log);
    model.follow();
    log.append('one\n');
    await until(model, () => model.size === 4);
    model.pause();
    log.append('two\n');
    expect(model.state).toBe('paused');
    expect(model.size).toBe(4);
    model.follow();
    await until(model, () => model.size === 8);
    expect(await texts(model, 'end', 9, 0)).toEqual(['one', 'two']);
  });

  it('begins anew when the log became shorter', async () => {
    const log = new MemoryLog(new TextEncoder().encode(numbered(100)));
    const model = open(log);
    model.follow();
    await until(model, () => model.state === 'following');
    log.bytes = new TextEncoder().encode('other\n');
    model.retry();
    await until(model, () => model.size === 6);
    expect(await texts(model, 'end', 9, 0)).toEqual(['other']);
  });

  it('shows lines around a place with their numbers', async () => {
    const log = new MemoryLog(new TextEncoder().encode(numbered(1000)));
    const model = open(log);
    expect(await texts(model, 0, 5, 2)).toEqual(['line 0', 'line 1']);
    const { lines, index, atStart, atEnd } = model.window(100, 2, 2);
    expect(lines[index].start).toBeLessThanOrEqual(100);
    expect(lines[index].end).toBeGreaterThan(100);
    expect([index, atStart, atEnd]).toEqual([2, false, false]);
    expect(lines.map(line => line.text)).toEqual(
      lines.map(line => `line ${line.number! - 1}`)
    );
  });

  it('tells that a block could not be read, and asks again only when told to', async () => {
    const log = new MemoryLog(new TextEncoder().encode('text\n'));
    log.isDown = true;
    const model = open(log);
    expect(model.window(0, 0, 1).isWaiting).toBe(true);
    await until(model, () => model.error !== null);
    expect(model.window(0, 0, 1).isWaiting).toBe(false);
    expect(log.asked).toHaveLength(1);
    log.isDown = false;
    model.retry();
    expect(await texts(model, 0, 0, 1)).toEqual(['text']);
  });

  it('sees that a log is binary', async () => {
    const log = new MemoryLog(new Uint8Array([1, 0, 255, 254, 10, 3]));
    const model = open(log);
    expect(await texts(model, 0, 0, 9)).toHaveLength(2);
    expect(model.isBinary).toBe(true);
  });

  it('carries a colour from line to line', async () => {
    const log = new MemoryLog(
      new TextEncoder().encode('\x1b[31mred\nstill\x1b[0m\nplain\n')
    );
    const model = open(log);
    await texts(model, 0, 0, 9);
    expect(model.window(0, 0, 9).lines.map(line => line.style)).toEqual([
      {},
      { fg: 'red' },
      {}
    ]);
  });
});
