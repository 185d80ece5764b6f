import { Signal } from '@lumino/signaling';

import type { RunStore } from '../model/runstore';
import type { RunsApi } from '../server/api';
import type { RunEvent, SweepTrial, SweepTrials } from '../types';
import {
  bestSoFar,
  parameterNames,
  sortTrials,
  TrialsModel
} from './trialsmodel';

const trial = (number: number, more: Partial<SweepTrial> = {}): SweepTrial => ({
  runId: `sweep_${number}`,
  number,
  status: 'Completed',
  parameters: { lr: number / 10 },
  metric: 1 / number,
  stoppedEarly: false,
  startedAt: '2026-01-01T00:00:00Z',
  endedAt: '2026-01-01T00:00:01Z',
  error: null,
  ...more
});

const answer = (...trials: SweepTrial[]): SweepTrials => ({
  sweep: { template: 't', version: 1, metric: 'loss', space: { lr: {} } },
  trials,
  best: null
});

function server(...answers: SweepTrials[]) {
  const store = {} as RunStore;
  const events = new Signal<RunStore, readonly RunEvent[]>(store);
  Object.assign(store, { events });
  const trials = jest.fn(async () => answers.shift()!);
  const api = { trials } as unknown as RunsApi;
  const model = new TrialsModel('sweep', api, store);
  const emit = (event: Partial<RunEvent>) => events.emit([event as RunEvent]);
  return { model, trials, emit };
}

describe('TrialsModel', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('reads again at most every five seconds, however many trials end', async () => {
    const { model, trials, emit } = server(answer(), answer(trial(1)));
    await model.load();
    for (let number = 1; number < 20; number++) {
      emit({ type: 'state', runId: `sweep_${number}`, status: 'Completed' });
    }
    await jest.advanceTimersByTimeAsync(4900);
    expect(trials).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(200);
    expect(trials).toHaveBeenCalledTimes(2);
    expect(model.data?.trials).toHaveLength(1);
  });

  it('takes states from events, in one batch, and reads nothing for them', async () => {
    const waiting = { status: 'Queued', startedAt: null } as const;
    const { model, trials, emit } = server(
      answer(trial(1), trial(2, waiting), trial(3, waiting))
    );
    await model.load();
    const [first, , third] = model.data!.trials;
    let told = 0;
    model.changed.connect(() => (told += 1));
    const startedAt = '2026-01-01T00:00:05Z';
    const event = { type: 'state', runId: 'sweep_2' } as const;
    emit({ ...event, status: 'Starting', startedAt: null });
    emit({ ...event, status: 'Running', startedAt });
    await jest.advanceTimersByTimeAsync(60_000);
    expect(told).toBe(1);
    expect(trials).toHaveBeenCalledTimes(1);
    expect(model.data?.trials[1]).toMatchObject({
      status: 'Running',
      startedAt
    });
    // The others are the same objects, so that nobody draws them again.
    expect(model.data?.trials[0]).toBe(first);
    expect(model.data?.trials[2]).toBe(third);
  });

  it('keeps a state that has overtaken the answer', async () => {
    const queued = answer(trial(1, { status: 'Queued' }));
    const { model, emit } = server(queued);
    const reading = model.load();
    emit({ type: 'state', runId: 'sweep_1', status: 'Running' });
    await reading;
    expect(model.data?.trials[0].status).toBe('Running');
  });

  it('reads a large sweep seldom, and at once when it has ended', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => trial(index + 1));
    const answers = Array.from({ length: 5 }, () => answer(...many));
    const { model, trials, emit } = server(...answers);
    await model.load();
    for (let second = 0; second < 31; second++) {
      emit({ type: 'state', runId: `sweep_${second + 1}`, status: 'Failed' });
      await jest.advanceTimersByTimeAsync(1000);
    }
    // Every 15 s.
    expect(trials).toHaveBeenCalledTimes(3);
    emit({ type: 'state', runId: 'sweep', status: 'Completed' });
    await jest.advanceTimersByTimeAsync(0);
    expect(trials).toHaveBeenCalledTimes(4);
  });

  it('does not read while nobody looks, and catches up', async () => {
    const { model, trials, emit } = server(answer(), answer(trial(1)));
    await model.load();
    model.isVisible = false;
    emit({ type: 'created', runId: 'sweep_1' });
    await jest.advanceTimersByTimeAsync(5000);
    expect(trials).toHaveBeenCalledTimes(1);
    model.isVisible = true;
    await jest.advanceTimersByTimeAsync(0);
    expect(trials).toHaveBeenCalledTimes(2);
  });

  it('takes metrics from events, and passes over other runs', async () => {
    const { model, trials, emit } = server(answer(trial(1), trial(2)));
    await model.load();
    const point = { name: 'loss', step: 1, time: 1 };
    const metrics = [
      { ...point, value: 0.25 },
      { ...point, value: 'NaN' }
    ];
    emit({ type: 'metrics', runId: 'sweep_2', metrics });
    emit({ type: 'state', runId: 'other_1', status: 'Running' });
    await jest.advanceTimersByTimeAsync(5000);
    expect(model.data?.trials.map(found => found.metric)).toEqual([1, 0.25]);
    expect(trials).toHaveBeenCalledTimes(1);
  });
});

describe('sortTrials', () => {
  const numbers = (column: string, descending: boolean) =>
    sortTrials(
      [trial(1, { metric: null }), trial(2), trial(3), trial(10)],
      column,
      descending,
      0
    ).map(found => found.number);

  it('has those without a value last, both ways', () => {
    expect(numbers('metric', false)).toEqual([10, 3, 2, 1]);
    expect(numbers('metric', true)).toEqual([2, 3, 10, 1]);
  });

  it('sorts parameters as numbers', () => {
    expect(numbers('params.lr', true)).toEqual([10, 3, 2, 1]);
  });
});

test('parameterNames follow the plan', () => {
  const data = answer(trial(1, { parameters: { depth: 1, lr: 2 } }));
  expect(parameterNames(data)).toEqual(['lr', 'depth']);
});

test('bestSoFar counts completed trials only', () => {
  const trials = [
    trial(1, { metric: 3 }),
    trial(2, { metric: 1, status: 'Canceled' }),
    trial(3, { metric: 2 }),
    trial(4, { metric: 5 })
  ];
  const best = (goal: string) => bestSoFar(trials, goal).map(({ y }) => y);
  expect(best('minimize')).toEqual([3, 2, 2]);
  expect(best('maximize')).toEqual([3, 3, 5]);
});
