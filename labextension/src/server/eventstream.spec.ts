import type { ISignal } from '@lumino/signaling';

import { EventServer } from '../../testing/eventserver';
import {
  ConnectionState,
  EventStream,
  IStreamTimes,
  retryWithPage
} from './eventstream';
import { Requester } from './request';

const LONG_MS = 60_000;
const TIMES: IStreamTimes = {
  backOff: [5],
  helpless: LONG_MS,
  patience: LONG_MS,
  pace: 0,
  silence: LONG_MS,
  stale: LONG_MS
};

let server: EventServer;
let stream: EventStream;
let ids: number[];
let resets: number;

function follow(times: Partial<IStreamTimes> = {}): void {
  stream = new EventStream(new Requester(server.settings), {
    ...TIMES,
    ...times
  });
  ids = [];
  resets = 0;
  stream.events.connect((_, events) => {
    ids.push(...events.map(event => event.id));
  });
  stream.reset.connect(() => {
    resets += 1;
  });
  stream.start();
}

/** Wait until something holds, looking whenever a signal comes. */
async function until<T>(
  signal: ISignal<EventStream, T>,
  holds: () => boolean
): Promise<void> {
  if (!holds()) {
    await new Promise<void>(resolve => {
      const look = () => {
        if (holds()) {
          signal.disconnect(look);
          resolve();
        }
      };
      signal.connect(look);
    });
  }
}

const state = (wanted: ConnectionState) =>
  until(stream.stateChanged, () => stream.state === wanted);
const seen = (count: number) => until(stream.events, () => ids.length >= count);

/** Lose the connection, and wait until the page knows. */
async function lose(politely = false): Promise<void> {
  const noticed = state('disconnected');
  server.drop(politely);
  await noticed;
}

beforeEach(async () => {
  server = new EventServer();
  await server.open();
});

afterEach(async () => {
  stream.dispose();
  await server.close();
});

describe('EventStream', () => {
  it('gives what happens after it began, each event once and in order', async () => {
    server.happen(3);
    follow();
    expect(stream.state).toBe('connecting');
    await stream.ready;
    expect(stream.state).toBe('connected');
    server.happen(2);
    await seen(2);
    expect(ids).toEqual([4, 5]);
  });

  it('takes bytes that are cut anywhere, inside a letter too', async () => {
    follow();
    await stream.ready;
    const text = 'id: 1\ndata: {"id":1,"runId":"ü","type":"metrics"}\n\n';
    let runId = '';
    stream.events.connect((_, [event]) => {
      runId = event.runId;
    });
    for (const byte of new TextEncoder().encode(text)) {
      server.write(Uint8Array.of(byte));
      await new Promise(resolve => setTimeout(resolve));
    }
    await seen(1);
    expect(runId).toBe('ü');
  });

  it.each([false, true])(
    'resumes without loss or duplicates (ended politely: %s)',
    async politely => {
      follow();
      await stream.ready;
      server.happen(2);
      await seen(2);
      await lose(politely);
      server.happen(3);
      await seen(5);
      expect(ids).toEqual([1, 2, 3, 4, 5]);
      expect(server.resumed).toEqual([null, '2']);
      expect(resets).toBe(0);
    }
  );

  it('misses nothing when the connection is lost before the first event', async () => {
    server.happen(7);
    follow();
    await stream.ready;
    await lose();
    server.happen();
    await seen(1);
    expect(ids).toEqual([8]);
    expect(server.resumed).toEqual([null, '7']);
  });

  it('asks for a new reading where a server tells no position', async () => {
    server.tellsPosition = false;
    follow();
    await stream.ready;
    await lose();
    await state('connected');
    expect(resets).toBe(1);
  });

  it('waits longer each time while the server is gone', async () => {
    server.manner = 'hang up';
    const pauses = [30, 60, 120];
    follow({ backOff: pauses });
    await server.until(() => server.times.length >= 4);
    pauses.forEach((pause, i) => {
      const passed = server.times[i + 1] - server.times[i];
      expect(passed).toBeGreaterThanOrEqual(pause * 0.75 - 2);
    });
    server.manner = 'stream';
    await state('connected');
  });

  it('lets nobody wait long for the first attempt', async () => {
    server.manner = 'silent';
    follow({ patience: 20 });
    await stream.ready;
    expect(stream.state).toBe('connecting');
  });

  it('gives a silent connection up', async () => {
    server.manner = 'silent';
    follow({ silence: 30 });
    await state('disconnected');
    server.manner = 'stream';
    await state('connected');
    expect(server.connections).toBe(1);
  });

  it.each([401, 403])('says that nobody is logged in (%s)', async status => {
    server.manner = { status, message: 'Forbidden' };
    follow();
    await state('unauthorized');
    server.manner = 'stream';
    expect(server.resumed).toHaveLength(1);
    stream.retry();
    await state('connected');
    server.happen();
    await seen(1);
  });

  it('goes on after the login where it was', async () => {
    follow();
    await stream.ready;
    server.happen();
    await seen(1);
    server.manner = { status: 401, message: 'Unauthorized' };
    const refused = state('unauthorized');
    server.drop();
    await refused;
    server.happen(2);
    server.manner = 'stream';
    stream.retry();
    await seen(3);
    expect(ids).toEqual([1, 2, 3]);
  });

  it('says that the server has no such route', async () => {
    server.manner = {
      status: 404,
      message: 'there is nothing at this address'
    };
    follow();
    await state('noRoute');
    await stream.ready;
    expect(server.resumed).toHaveLength(1);
  });

  it('leaves the connection when it is disposed, and does not come back', async () => {
    follow();
    await stream.ready;
    stream.dispose();
    await server.until(() => server.connections === 0);
    server.happen();
    expect(stream.isDisposed).toBe(true);
    expect(ids).toEqual([]);
    expect(server.resumed).toHaveLength(1);
  });

  it('asks for a new reading when the events begin anew', async () => {
    server.happen(50);
    follow();
    await stream.ready;
    server.happen();
    await seen(1);
    server.events = [];
    server.happen(3);
    ids.length = 0;
    const again = until(stream.reset, () => resets === 1);
    server.drop();
    await again;
    await state('connected');
    server.happen();
    await seen(1);
    expect(ids).toEqual([4]);
    expect(resets).toBe(1);
  });

  it('goes on after an event that is not JSON', async () => {
    const said = jest.spyOn(console, 'error').mockImplementation(() => {});
    follow();
    await stream.ready;
    server.write('id: 1\ndata: {\n\n');
    server.events = ['{'];
    server.happen();
    await seen(1);
    expect(ids).toEqual([2]);
    expect(said).toHaveBeenCalledTimes(1);
    expect(server.resumed).toHaveLength(1);
    said.mockRestore();
  });
});

describe('The pace', () => {
  const told: number[] = [];
  const watch = async (pace: number) => {
    follow({ pace });
    told.length = 0;
    stream.events.connect((_, events) => told.push(events.length));
    await stream.ready;
  };

  it('tells a first event at once, and those that follow together', async () => {
    await watch(200);
    // After the position that the server tells.
    await new Promise(resolve => setTimeout(resolve, 300));
    server.happen();
    const began = Date.now();
    await seen(1);
    expect(Date.now() - began).toBeLessThan(150);
    for (let count = 0; count < 10; count++) {
      // Each by itself on the network.
      await new Promise(resolve => setTimeout(resolve, 1));
      server.happen();
    }
    await seen(11);
    expect(told).toEqual([1, 10]);
    expect(Date.now() - began).toBeLessThan(500);
  });

  it('tells a burst in parts, without a rest between them', async () => {
    await watch(400);
    server.happen(3000);
    await seen(1);
    const began = Date.now();
    await seen(3000);
    expect(told.length).toBeGreaterThan(1);
    expect(Date.now() - began).toBeLessThan(400);
    expect(ids).toEqual(Array.from({ length: 3000 }, (_, index) => index + 1));
  });

  it('loses nothing with a connection that breaks meanwhile', async () => {
    await watch(100);
    server.happen();
    await seen(1);
    server.happen();
    const noticed = state('disconnected');
    server.drop();
    await noticed;
    await seen(2);
    expect(ids).toEqual([1, 2]);
  });

  it('is not kept while nobody sees the page', async () => {
    const visibility = jest.spyOn(document, 'visibilityState', 'get');
    follow();
    const undo = retryWithPage(stream, window);
    visibility.mockReturnValue('hidden');
    document.dispatchEvent(new Event('visibilitychange'));
    expect(stream.isPaced).toBe(false);
    visibility.mockReturnValue('visible');
    document.dispatchEvent(new Event('visibilitychange'));
    expect(stream.isPaced).toBe(true);
    undo();
    visibility.mockRestore();
  });
});

describe('retryWithPage', () => {
  const wake: [string, () => void][] = [
    ['is seen', () => document.dispatchEvent(new Event('visibilitychange'))],
    ['is used', () => window.dispatchEvent(new Event('focus'))],
    ['is online', () => window.dispatchEvent(new Event('online'))]
  ];

  it.each(wake)('tries at once when the page %s again', async (_, happens) => {
    server.manner = 'hang up';
    follow({ backOff: [LONG_MS] });
    const undo = retryWithPage(stream, window);
    await state('disconnected');
    server.manner = 'stream';
    happens();
    await state('connected');
    undo();
  });

  it('leaves a page alone that nobody sees', async () => {
    const visibility = jest.spyOn(document, 'visibilityState', 'get');
    visibility.mockReturnValue('hidden');
    follow();
    const retried = jest.spyOn(stream, 'retry');
    const undo = retryWithPage(stream, window);
    await stream.ready;
    document.dispatchEvent(new Event('visibilitychange'));
    expect(retried).not.toHaveBeenCalled();
    undo();
    visibility.mockRestore();
  });

  it('opens a new connection after a sleep', async () => {
    follow({ stale: -1 });
    await stream.ready;
    server.happen();
    await seen(1);
    const noticed = state('disconnected');
    stream.retry();
    await noticed;
    server.happen();
    await seen(2);
    expect(server.resumed).toEqual([null, '1']);
  });

  it('leaves a live connection alone', async () => {
    follow();
    await stream.ready;
    stream.retry();
    server.happen();
    await seen(1);
    expect(server.resumed).toEqual([null]);
  });
});
