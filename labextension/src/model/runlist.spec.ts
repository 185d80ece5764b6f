import { RunServer, until } from '../../testing/runserver';
import type { RunList } from './runlist';

let server: RunServer;
let list: RunList;

beforeEach(async () => {
  server = new RunServer();
  await server.start();
});

afterEach(() => {
  list.dispose();
  server.stop();
});

const names = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ runId: `r${index}` }));

async function open(filter: Parameters<typeof server.model.list>[0]) {
  list = server.model.list(filter);
  await list.more();
}

describe('RunList', () => {
  it('reads nothing by itself', () => {
    const before = server.asked.length;
    list = server.model.list({ top: true });
    expect(list.total).toBeNull();
    expect(list.hasMore).toBe(true);
    expect(server.asked).toHaveLength(before);
  });

  it('reads page by page, newest first', async () => {
    names(150).forEach(run => server.add(run));
    await open({});
    expect(list.ids).toHaveLength(100);
    expect(list.ids[0]).toBe('r149');
    expect(list.total).toBe(150);
    await Promise.all([list.more(), list.more()]);
    expect(list.ids).toHaveLength(150);
    expect(new Set(list.ids).size).toBe(150);
    expect(list.hasMore).toBe(false);
  });

  it('puts a new run at the top, once', async () => {
    server.add({ runId: 'old' });
    await open({});
    server.create({ runId: 'new', status: 'Queued' });
    await until(list.changed, () => list.ids.length === 2);
    server.move('new', 'Running');
    await until(
      list.changed,
      () => server.model.store.get('new')?.status === 'Running'
    );
    expect(list.ids).toEqual(['new', 'old']);
    expect(list.total).toBe(2);
  });

  it('leaves out a new run that does not match', async () => {
    await open({ top: true });
    server.create({ runId: 'child', parentRunId: 'p' });
    server.create({ runId: 'other' });
    await until(list.changed, () => list.ids.length > 0);
    expect(list.ids).toEqual(['other']);
  });

  it('takes a run in whose state comes to match, in its place', async () => {
    server.add({ runId: 'a', status: 'Failed' });
    server.add({ runId: 'b', status: 'Running' });
    server.add({ runId: 'c', status: 'Failed' });
    await open({ status: ['Failed'] });
    expect(list.ids).toEqual(['c', 'a']);
    // Nobody has read b: its state event makes the list ask for it.
    server.move('b', 'Failed');
    await until(list.changed, () => list.ids.length === 3);
    expect(list.ids).toEqual(['c', 'b', 'a']);
    expect(list.total).toBe(3);
  });

  it('leaves a run that comes to match to its page, where that is not read yet', async () => {
    server.add({ runId: 'oldest', status: 'Running' });
    names(101).forEach(run => server.add({ ...run, status: 'Failed' }));
    await open({ status: ['Failed'] });
    await server.model.store.fetch('oldest');
    server.move('oldest', 'Failed');
    await until(
      server.model.store.changed,
      () => server.model.store.get('oldest')?.status === 'Failed'
    );
    expect(list.ids).toHaveLength(100);
    await list.more();
    expect(list.ids[list.ids.length - 1]).toBe('oldest');
    expect(list.ids).toHaveLength(102);
  });

  it('keeps a run that stops matching until the next reading', async () => {
    server.add({ runId: 'a', status: 'Running' });
    await open({ status: ['Running'] });
    server.move('a', 'Completed');
    await until(
      list.changed,
      () => server.model.store.get('a')?.status === 'Completed'
    );
    expect(list.ids).toEqual(['a']);
    await list.refresh();
    expect(list.ids).toEqual([]);
  });

  it('forgets a run that is deleted', async () => {
    names(3).forEach(run => server.add(run));
    await open({});
    server.delete('r1');
    await until(list.idsChanged, () => list.ids.length === 2);
    expect(list.ids).toEqual(['r2', 'r0']);
    expect(list.total).toBe(2);
  });

  it('counts again when runs are deleted that it has not read', async () => {
    names(150).forEach(run => server.add(run));
    await open({});
    const before = server.asked.length;
    names(30).forEach(({ runId }) => server.delete(runId));
    await until(list.changed, () => list.total === 120);
    expect(list.ids).toHaveLength(100);
    expect(server.asked.length - before).toBe(1);
    await list.more();
    expect(list.ids).toHaveLength(120);
    // All are read now: what somebody else deletes is not among the others.
    server.delete('r30');
    await until(list.idsChanged, () => list.ids.length === 119);
    expect(list.total).toBe(119);
    expect(server.asked.length - before).toBe(2);
  });

  it('counts again when runs are deleted while it reads', async () => {
    names(150).forEach(run => server.add(run));
    await open({});
    let release = () => {};
    server.gate = new Promise(resolve => {
      release = resolve;
    });
    const reading = list.refresh();
    // The server has counted already.
    await Promise.resolve();
    server.delete('r149');
    server.delete('r0');
    await until(list.changed, () => !list.has('r149'));
    release();
    await reading;
    await until(list.changed, () => list.total === 148);
    expect(list.ids[0]).toBe('r148');
  });

  it('drops the answer to an older question', async () => {
    names(120).forEach(run => server.add(run));
    await open({});
    let release = () => {};
    server.gate = new Promise(resolve => {
      release = resolve;
    });
    const older = list.more();
    const newer = list.refresh();
    expect(list.ids).toHaveLength(100);
    release();
    await Promise.all([older, newer]);
    expect(list.ids).toHaveLength(100);
    expect(list.hasMore).toBe(true);
  });

  it('keeps a run that is created while the first page is on its way', async () => {
    server.add({ runId: 'a' });
    let release = () => {};
    server.gate = new Promise(resolve => {
      release = resolve;
    });
    list = server.model.list({});
    const reading = list.more();
    // The server has answered already.
    await Promise.resolve();
    server.create({ runId: 'b' });
    const { store } = server.model;
    await until(store.changed, () => store.get('b') !== undefined);
    release();
    await reading;
    expect(list.ids).toEqual(['b', 'a']);
    expect(list.total).toBe(2);
  });

  it('tells why it could not read, and reads when asked again', async () => {
    server.add({ runId: 'a' });
    server.isDown = true;
    await open({});
    expect(list.error).not.toBeNull();
    expect(list.hasMore).toBe(true);
    server.isDown = false;
    await list.more();
    expect(list.error).toBeNull();
    expect(list.ids).toEqual(['a']);
  });

  it('does not tell of its ids when only a run looks different', async () => {
    server.add({ runId: 'a', status: 'Running' });
    await open({});
    let count = 0;
    list.idsChanged.connect(() => (count += 1));
    server.move('a', 'Completed');
    await until(
      list.changed,
      () => server.model.store.get('a')?.status === 'Completed'
    );
    expect(count).toBe(0);
  });

  it('does not ask for every run that changes, however many do', async () => {
    names(300).forEach(run =>
      server.add({ ...run, displayName: 'wanted', status: 'Running' })
    );
    await open({ q: 'wanted' });
    const before = server.asked.length;
    const { store } = server.model;
    const emit = (index: number) =>
      (store.events as unknown as { emit: (events: unknown[]) => void }).emit([
        { type: 'changed', runId: `r${index % 200}` }
      ]);
    jest.useFakeTimers();
    try {
      // Twenty a second, for ten seconds, to runs below the first page.
      for (let index = 0; index < 200; index++) {
        emit(index);
        await jest.advanceTimersByTimeAsync(50);
      }
      const asked = server.asked.slice(before);
      expect(asked.filter(route => route.startsWith('runs/'))).toEqual([]);
      // After 0.5 s, and pauses of 2 and 4 s.
      expect(asked.length).toBe(3);
      expect(list.ids).toHaveLength(100);
      // For a minute more: pauses of 8, 16 and 30 s.
      for (let index = 0; index < 1200; index++) {
        emit(index);
        await jest.advanceTimersByTimeAsync(50);
      }
      expect(server.asked.length - before).toBe(6);
    } finally {
      jest.useRealTimers();
    }
  });
});
