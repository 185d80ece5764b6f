import { RunServer, until } from '../../testing/runserver';
import { RunTree } from './runtree';

let server: RunServer;
let tree: RunTree;

beforeEach(async () => {
  server = new RunServer();
  await server.start();
  tree = new RunTree(server.model);
});

afterEach(() => {
  tree.dispose();
  server.stop();
});

/** The rows as text: two spaces a level, `+` and `-` for what can be expanded or is. */
function shown(): string[] {
  return Array.from({ length: tree.length }, (_, index) => {
    const row = tree.row(index)!;
    const sign = row.isExpandable ? (row.isExpanded ? '-' : '+') : '';
    const name = row.id || `(${row.kind})`;
    return `${'  '.repeat(row.level - 1)}${sign}${name}`;
  });
}

/** Do what the view does with rows that it shows. */
async function load(): Promise<void> {
  for (let index = 0; index < tree.length; index++) {
    const row = tree.row(index)!;
    if (row.kind === 'loading') {
      await tree.load(row);
    }
  }
}

describe('RunTree', () => {
  it('begins with a row that loads', async () => {
    expect(shown()).toEqual(['(loading)']);
    server.add({ runId: 'a' });
    server.add({ runId: 'b' });
    await load();
    expect(shown()).toEqual(['b', 'a']);
    expect(tree.total).toBe(2);
  });

  it('shows the children of a run below it', async () => {
    server.add({ runId: 'z' });
    server.add({ runId: 'p' });
    server.add({ runId: 'c1', parentRunId: 'p' });
    server.add({ runId: 'c2', parentRunId: 'p' });
    server.add({ runId: 'a' });
    server.model.store.add(server.runs);
    await load();
    expect(shown()).toEqual(['a', '+p', 'z']);
    tree.toggle(tree.row(1)!);
    expect(shown()).toEqual(['a', '-p', '  (loading)', 'z']);
    await load();
    expect(shown()).toEqual(['a', '-p', '  c2', '  c1', 'z']);
    expect(tree.indexOf(tree.row(3)!)).toBe(3);
    expect(tree.runsBetween(0, 4)).toEqual(['a', 'p', 'c2', 'c1', 'z']);
    tree.toggle(tree.row(1)!);
    expect(shown()).toEqual(['a', '+p', 'z']);
  });

  it('puts new runs and new children into their places', async () => {
    server.add({ runId: 'p' });
    server.add({ runId: 'c1', parentRunId: 'p' });
    server.model.store.add(server.runs);
    await load();
    tree.toggle(tree.row(0)!);
    await load();
    server.create({ runId: 'c2', parentRunId: 'p' });
    server.create({ runId: 'new' });
    await until(tree.changed, () => tree.length === 4);
    expect(shown()).toEqual(['new', '-p', '  c2', '  c1']);
  });

  it('says so where nothing is below a run', async () => {
    server.add({ runId: 'p' });
    await load();
    server.create({ runId: 'c', parentRunId: 'p' });
    await until(server.model.store.changed, () =>
      server.model.store.isParent('p')
    );
    tree.toggle(tree.row(0)!);
    await load();
    server.delete('c');
    await until(tree.changed, () => tree.kind(1) === 'none');
    expect(shown()).toEqual(['-p', '  (none)']);
  });

  it('groups by experiment, and reads a group when it is opened', async () => {
    server.add({ runId: 'a', experiment: 'x' });
    server.add({ runId: 'b', experiment: 'y', status: 'Failed' });
    server.add({ runId: 'c', experiment: 'y', status: 'Running' });
    tree.grouping = 'experiment';
    await load();
    expect(shown()).toEqual(['+y', '+x']);
    expect(server.asked.filter(route => route.startsWith('runs'))).toEqual([]);
    expect(tree.experiment('y')).toMatchObject({
      runs: 2,
      active: 1,
      failed: 1
    });
    tree.toggle(tree.row(0)!);
    await load();
    expect(shown()).toEqual(['-y', '  c', '  b', '+x']);
    expect(tree.total).toBe(2);
  });

  it('counts the runs of experiments by events', async () => {
    server.add({ runId: 'a', experiment: 'x' });
    tree.grouping = 'experiment';
    await load();
    server.create({ runId: 'b', experiment: 'x', status: 'Queued' });
    server.create({ runId: 'c', experiment: 'new', status: 'Queued' });
    server.create({ runId: 'd', experiment: 'x', parentRunId: 'b' });
    await until(tree.changed, () => tree.length === 2);
    expect(shown()).toEqual(['+new', '+x']);
    expect(tree.experiment('x')).toMatchObject({ runs: 2, active: 1 });
    server.move('b', 'Failed');
    await until(tree.changed, () => tree.experiment('x')?.failed === 1);
    expect(tree.experiment('x')).toMatchObject({ runs: 2, active: 0 });
  });

  it('shows one list of what a filter finds, children too where a text is looked for', async () => {
    server.add({ runId: 'p', displayName: 'sweep' });
    server.add({ runId: 'c', displayName: 'trial', parentRunId: 'p' });
    server.add({ runId: 'd', displayName: 'trial', status: 'Failed' });
    tree.grouping = 'experiment';
    tree.setFilter({ q: 'TRIAL' });
    await load();
    expect(tree.isGrouped).toBe(false);
    expect(shown()).toEqual(['d', 'c']);
    tree.setFilter({ status: ['Failed', 'Completed'] });
    await load();
    expect(shown()).toEqual(['d', '+p']);
    tree.setFilter({ q: '', status: [] });
    expect(tree.isFiltered).toBe(false);
    expect(tree.isGrouped).toBe(true);
  });

  it('reads what it could not when the server is back', async () => {
    server.add({ runId: 'a' });
    server.isDown = true;
    await load();
    expect(tree.kind(0)).toBe('failure');
    server.isDown = false;
    tree.load(tree.row(0)!);
    await until(tree.changed, () => tree.kind(0) === 'run');
    expect(shown()).toEqual(['a']);
  });

  it('makes rows of 100,000 runs only when they are asked for', async () => {
    for (let index = 0; index < 100_000; index++) {
      server.add({ runId: `r${index}` });
    }
    const pages = 3;
    for (let page = 0; page < pages; page++) {
      await tree.load(tree.row(tree.length - 1)!);
    }
    expect(tree.length).toBe(301);
    expect(tree.kind(300)).toBe('loading');
    expect(tree.row(299)?.id).toBe('r99700');
    expect(tree.row(299)?.size).toBe(100_000);
  });

  it('tells of new runs the more seldom the longer it is', async () => {
    for (let index = 0; index < 15_000; index++) {
      server.add({ runId: `r${index}` });
    }
    const { store } = server.model;
    while (tree.length < 15_000) {
      await tree.load(tree.row(tree.length - 1)!);
    }
    jest.useFakeTimers();
    try {
      let told = 0;
      tree.changed.connect(() => (told += 1));
      const began = process.cpuUsage();
      // Twenty a second, for ten seconds.
      for (let index = 0; index < 200; index++) {
        const at = new Date(Date.now() + index).toISOString();
        const runId = `n${index}`;
        store.add([{ ...server.runs[0], runId, createdAt: at }]);
        await jest.advanceTimersByTimeAsync(50);
      }
      await jest.advanceTimersByTimeAsync(1000);
      const { user, system } = process.cpuUsage(began);
      expect(tree.length).toBe(15_200);
      expect(told).toBeLessThanOrEqual(15);
      // Of ten seconds, 5 % of a core.
      expect((user + system) / 1000).toBeLessThan(500);
    } finally {
      jest.useRealTimers();
    }
  });
});
