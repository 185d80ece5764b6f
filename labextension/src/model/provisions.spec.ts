import { Signal } from '@lumino/signaling';

import type { RunsApi } from '../server/api';
import type { Datastore, RunEvent } from '../types';
import { ProvisionsModel } from './provisions';
import type { RunStore } from './runstore';

const STORE = { name: 's3', reachable: null, error: null } as Datastore;

describe('ProvisionsModel', () => {
  let reads = 0;
  let model: ProvisionsModel;
  const store = {} as { events: Signal<RunStore, readonly RunEvent[]> };
  const read = () => jest.advanceTimersByTimeAsync(10_000);
  const tell = (event: object) => store.events.emit([event as RunEvent]);

  beforeEach(() => {
    jest.useFakeTimers();
    reads = 0;
    store.events = new Signal(store as unknown as RunStore);
    const api = {
      environments: async () => {
        reads += 1;
        return { named: [], built: [] };
      },
      datastores: async (check?: boolean) => [
        check ? { ...STORE, reachable: false, error: 'no answer' } : STORE
      ]
    } as unknown as RunsApi;
    model = new ProvisionsModel(api, store as unknown as RunStore);
  });

  afterEach(() => {
    model.dispose();
    jest.useRealTimers();
  });

  it('reads nothing while nobody looks, and once when somebody does', async () => {
    tell({ type: 'state', status: 'Starting' });
    await read();
    expect(reads).toBe(0);
    model.isVisible = true;
    await read();
    expect(reads).toBe(1);
    expect(model.datastores).toEqual([STORE]);
  });

  it('reads again when a run starts, not when one ends', async () => {
    model.isVisible = true;
    await read();
    tell({ type: 'state', status: 'Completed' });
    await read();
    expect(reads).toBe(1);
    tell({ type: 'state', status: 'Starting' });
    tell({ type: 'state', status: 'Starting' });
    await read();
    expect(reads).toBe(2);
  });

  it('keeps what a check has told', async () => {
    model.isVisible = true;
    await read();
    await model.check();
    expect(model.datastores?.[0].error).toBe('no answer');
    model.refresh();
    await read();
    expect(model.datastores?.[0].reachable).toBe(false);
  });
});
