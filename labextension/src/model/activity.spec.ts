import { RunServer, until } from '../../testing/runserver';
import type { Run } from '../types';
import { Activity } from './activity';

let server: RunServer;
let activity: Activity;
let ended: Run[];

beforeEach(async () => {
  server = new RunServer();
  await server.start();
  activity = new Activity(server.model);
  ended = [];
  activity.ended.connect((_, runs) => ended.push(...runs));
});

afterEach(() => {
  activity.dispose();
  server.stop();
});

const never = { at: null, isLooking: false };

describe('Activity', () => {
  it('counts what was active before, with one request', async () => {
    server.add({ runId: 'a', status: 'Running' });
    server.add({ runId: 'b', status: 'Queued' });
    server.add({ runId: 'child', status: 'Running', parentRunId: 'a' });
    server.add({ runId: 'old', status: 'Failed' });
    const before = server.asked.length;
    await activity.start(never);
    await until(activity.changed, () => activity.active > 0);
    expect(server.asked).toHaveLength(before + 1);
    expect([activity.active, activity.waiting, activity.failed]).toEqual([
      2, 1, 0
    ]);
  });

  it('tells of ends, and counts failures until somebody looks', async () => {
    server.add({ runId: 'a', status: 'Running' });
    await activity.start(never);
    await until(activity.changed, () => activity.active === 1);
    server.move('a', 'Failed');
    await until(activity.changed, () => activity.failed === 1);
    expect(ended.map(run => run.runId)).toEqual(['a']);
    expect(activity.active).toBe(0);
    activity.setLooking(true);
    expect(activity.failed).toBe(0);
    server.create({ runId: 'b', status: 'Running' });
    server.move('b', 'Failed');
    await until(activity.ended, () => ended.length === 2);
    expect(activity.failed).toBe(0);
  });

  it('tells of a run that begins and ends between two batches', async () => {
    await activity.start(never);
    server.create({ runId: 'quick', status: 'Queued' });
    server.move('quick', 'Completed');
    await until(activity.ended, () => ended.length > 0);
    expect(ended).toHaveLength(1);
  });

  it('leaves children, and runs that had ended before, out', async () => {
    server.add({ runId: 'old', status: 'Completed' });
    await activity.start(never);
    server.create({ runId: 'child', parentRunId: 'p', status: 'Queued' });
    server.move('child', 'Failed');
    await server.model.store.fetch('old');
    server.create({ runId: 'last', status: 'Queued' });
    await until(activity.changed, () => activity.active === 1);
    expect(ended).toEqual([]);
    expect(activity.failed).toBe(0);
  });

  it('counts failures of the time when no page was open', async () => {
    const endedAt = (day: number) => `2026-02-0${day}T00:00:00.000Z`;
    server.add({ runId: 'a', status: 'Failed', endedAt: endedAt(1) });
    server.add({ runId: 'b', status: 'Failed', endedAt: endedAt(3) });
    await activity.start({ at: endedAt(2), isLooking: false });
    expect(activity.failed).toBe(1);
  });
});
