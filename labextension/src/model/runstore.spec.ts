import { RunServer, until } from '../../testing/runserver';

let server: RunServer;

beforeEach(async () => {
  server = new RunServer();
  await server.start();
});

afterEach(() => server.stop());

describe('RunStore', () => {
  it('applies a state that overtakes the answer', async () => {
    const { store, runs } = server.model;
    server.add({ runId: 'a', status: 'Running' });
    let release = () => {};
    server.gate = new Promise(resolve => {
      release = resolve;
    });
    const reading = store.read(
      () => runs.list({}, 10),
      page => page.runs
    );
    await Promise.resolve();
    server.move('a', 'Failed');
    await until(store.events, () => true);
    server.tell({
      type: 'progress',
      runId: 'a',
      time: '',
      progress: { done: 1, total: 2, label: null }
    });
    await new Promise<void>(resolve => {
      store.events.connect(() => resolve());
    });
    release();
    await reading;
    expect(store.get('a')?.status).toBe('Failed');
    expect(store.get('a')?.progress?.done).toBe(1);
  });

  it('does not bring a run back that was deleted while it was asked for', async () => {
    const { store, runs } = server.model;
    server.add({ runId: 'a' });
    let release = () => {};
    server.gate = new Promise(resolve => {
      release = resolve;
    });
    const reading = store.read(
      () => runs.list({}, 10),
      page => page.runs
    );
    await Promise.resolve();
    server.delete('a');
    await new Promise<void>(resolve => {
      store.events.connect(() => resolve());
    });
    release();
    await reading;
    expect(store.get('a')).toBeUndefined();
    expect(store.isDeleted('a')).toBe(true);
  });

  it('tells many events together', async () => {
    const { store } = server.model;
    const batches: number[] = [];
    store.changed.connect((_, { changed }) => batches.push(changed.size));
    for (let index = 0; index < 50; index++) {
      server.create({ runId: `r${index}` });
    }
    await until(store.changed, () => true);
    await new Promise<void>(resolve => {
      store.changed.connect(() => resolve());
    });
    expect(batches).toEqual([50]);
  });

  it('takes another name and other tags', async () => {
    const { store } = server.model;
    server.create({ runId: 'a', tags: { lr: '0.1' } });
    server.tell({
      type: 'changed',
      runId: 'a',
      time: '',
      displayName: 'best',
      tags: { keep: 'yes' },
      parentRunId: null
    });
    await until(store.changed, () => store.get('a')?.displayName === 'best');
    expect(store.get('a')?.tags).toEqual({ keep: 'yes' });
    expect(store.tags()).toEqual(['keep', 'keep=yes']);
  });

  it('knows a parent by its child, and says that it looks different', async () => {
    const { store } = server.model;
    server.create({ runId: 'p' });
    await until(store.changed, () => store.get('p') !== undefined);
    expect(store.isParent('p')).toBe(false);
    const before = store.get('p');
    server.create({ runId: 'c', parentRunId: 'p' });
    await until(store.changed, () => store.isParent('p'));
    expect(store.get('p')).not.toBe(before);
  });
});
