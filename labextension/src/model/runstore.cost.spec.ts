import { EventParser } from '../server/eventparser';
import { EventServer } from '../../testing/eventserver';
import type { RunEvent } from '../types';
import { ExecModel } from './exec';

/** Twenty events a second may cost 5 % of a core in the browser; the model gets a tenth of that. */
const LARGEST_MS = (0.05 / 20) * 0.1 * 1000;
const EVENTS = 5000;
const RUNS = 2000;

describe('RunStore', () => {
  it('takes an event at little cost, also with many runs', async () => {
    const server = new EventServer();
    await server.open();
    const model = new ExecModel(server.settings);
    const list = model.list({});
    const emit = (events: RunEvent[]) =>
      (
        model.stream.events as unknown as { emit: (e: RunEvent[]) => void }
      ).emit(events);
    const created = Array.from({ length: RUNS }, (_, i) => ({
      id: i + 1,
      type: 'created',
      runId: `run-${i}`,
      time: '2026-01-01T00:00:00Z',
      status: 'Running',
      experiment: 'e',
      displayName: 'd',
      target: 'local',
      parentRunId: null,
      tags: {},
      template: null
    }));
    emit(created as unknown as RunEvent[]);
    const blocks = Array.from({ length: EVENTS }, (_, i) => {
      const progress = { done: i, total: EVENTS, label: null };
      const id = RUNS + i + 1;
      const event = {
        id,
        type: 'progress',
        runId: `run-${i % RUNS}`,
        progress
      };
      return `id: ${id}\nevent: progress\ndata: ${JSON.stringify(event)}\n\n`;
    });
    const parser = new EventParser();
    const began = process.cpuUsage();
    for (const block of blocks) {
      const events = parser
        .feed(block)
        .map(({ data }) => JSON.parse(data!) as RunEvent);
      emit(events);
    }
    const { user, system } = process.cpuUsage(began);
    const each = (user + system) / 1000 / EVENTS;
    expect(model.store.get('run-7')?.progress?.done).toBeGreaterThan(0);
    expect(each).toBeLessThan(LARGEST_MS);
    list.dispose();
    model.dispose();
    await server.close();
  });
});
