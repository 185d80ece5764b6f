import type { ILogPart, ILogReader } from '../server/logs';
import { LastLine } from './lastline';

const part = (text: string): ILogPart => ({
  offset: 0,
  size: 0,
  bytes: new TextEncoder().encode(text)
});

it('has the last line that says something, as a terminal would show it', async () => {
  let tell: (part: ILogPart) => void = () => undefined;
  let isAborted = () => false;
  const reader: ILogReader = {
    stream: (range, take, signal) => {
      expect(range).toEqual({ offset: -2048, follow: true });
      tell = take;
      isAborted = () => signal.aborted;
      return new Promise(() => undefined);
    }
  };
  const line = new LastLine(reader);
  const told: string[] = [];
  line.changed.connect(() => told.push(line.text));
  tell(part(''));
  tell(part('$ uv pip install\n'));
  tell(part('\u001b[32mBuilding\u001b[0m x\n\n'));
  tell(part('pulling 10%\rpulling 20%'));
  expect(told).toEqual(['$ uv pip install', 'Building x', 'pulling 20%']);
  line.dispose();
  expect(isAborted()).toBe(true);
  tell(part('\nlater\n'));
  expect(told).toHaveLength(3);
});

it('reads again when the connection was lost', async () => {
  jest.useFakeTimers();
  let count = 0;
  const reader: ILogReader = {
    stream: async (_, take) => {
      count += 1;
      if (count === 1) {
        throw new TypeError('network error');
      }
      take(part('here again\n'));
    }
  };
  const line = new LastLine(reader);
  await jest.advanceTimersByTimeAsync(60_000);
  expect([line.text, count]).toEqual(['here again', 2]);
  line.dispose();
  jest.useRealTimers();
});
