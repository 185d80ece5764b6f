import { Signal } from '@lumino/signaling';

import type { RunStore } from '../model/runstore';
import type { RunsApi } from '../server/api';
import type { Metrics, Point, RunEvent } from '../types';
import { MetricsModel } from './metricsmodel';

const point = (value: number, step: number): Point => ({
  value,
  step,
  time: 1000 + step
});

/** A run's metrics as the server has them, and the events that it sends. */
class Server {
  readonly answers: Metrics[] = [];
  readonly metrics = jest.fn(async () => {
    const answer = this.answers.shift();
    if (answer === undefined) {
      throw new Error('no answer');
    }
    return answer;
  });
  readonly store = {} as RunStore;
  readonly events = new Signal<RunStore, readonly RunEvent[]>(this.store);
  readonly model: MetricsModel;

  constructor() {
    Object.assign(this.store, { events: this.events });
    this.model = new MetricsModel(
      'run',
      { metrics: this.metrics } as unknown as RunsApi,
      this.store
    );
  }

  answer(...points: Point[]): void {
    this.thinned(points.length, ...points);
  }

  thinned(total: number, ...points: Point[]): void {
    this.answers.push({
      metrics: { loss: points },
      total: { loss: total },
      truncated: false,
      progress: null
    });
  }

  tell(...points: Point[]): void {
    const metrics = points.map(found => ({ ...found, name: 'loss' }));
    this.emit({ id: 1, type: 'metrics', runId: 'run', time: '', metrics });
  }

  emit(event: RunEvent): void {
    this.events.emit([event]);
  }

  get steps(): unknown[] {
    return this.model.metrics?.get('loss')?.map(found => found.step) ?? [];
  }
}

describe('MetricsModel', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('adds what events bring, each point once', async () => {
    const server = new Server();
    server.answer(point(1, 0), point(2, 1));
    const reading = server.model.load();
    server.tell(point(2, 1), point(3, 2)); // While it reads: the first is in the answer.
    await reading;
    server.tell(point(4, 3));
    expect(server.steps).toEqual([0, 1, 2, 3]);
    expect(server.metrics).toHaveBeenCalledTimes(1);
  });

  it('counts the points that a thinned answer leaves out', async () => {
    const server = new Server();
    server.thinned(500, point(1, 0), point(2, 499));
    const reading = server.model.load();
    server.tell(point(3, 498), point(4, 500)); // The first was left out of the answer.
    await reading;
    expect(server.metrics).toHaveBeenCalledWith('run', 2000);
    expect(server.steps).toEqual([0, 499, 500]);
    server.tell(point(5, 501));
    expect(server.steps).toHaveLength(4);
    expect(server.model.total('loss')).toBe(502);
  });

  it('passes over other runs', async () => {
    const server = new Server();
    server.answer(point(1, 0));
    await server.model.load();
    const metrics = [{ ...point(9, 9), name: 'loss' }];
    server.emit({ id: 2, type: 'metrics', runId: 'other', time: '', metrics });
    expect(server.steps).toEqual([0]);
  });

  it('reads again after a burst, at most every two seconds', async () => {
    const server = new Server();
    server.answer();
    await server.model.load();
    const burst = Array.from({ length: 200 }, (_, i) => point(i, i + 800));
    server.answer(...Array.from({ length: 1000 }, (_, i) => point(i, i)));
    server.tell(...burst);
    server.tell(...burst);
    await jest.advanceTimersByTimeAsync(1900);
    expect(server.metrics).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(200);
    expect(server.metrics).toHaveBeenCalledTimes(2);
    expect(server.steps).toHaveLength(1000);
  });

  it('reads again when the run has ended', async () => {
    const server = new Server();
    server.answer(point(1, 0));
    await server.model.load();
    server.answer(point(1, 0), point(2, 1));
    const ended = { type: 'state', runId: 'run', status: 'Completed' };
    server.emit(ended as RunEvent);
    await jest.advanceTimersByTimeAsync(2100);
    expect(server.steps).toEqual([0, 1]);
  });

  it('tells views together', async () => {
    const server = new Server();
    server.answer();
    await server.model.load();
    await jest.advanceTimersByTimeAsync(0);
    const told = jest.fn();
    server.model.changed.connect(told);
    for (let step = 0; step < 10; step++) {
      server.tell(point(1, step));
    }
    await jest.advanceTimersByTimeAsync(300);
    expect(told).toHaveBeenCalledTimes(1);
    expect(server.steps).toHaveLength(10);
  });

  it('keeps what it has when reading fails', async () => {
    const server = new Server();
    server.answer(point(1, 0));
    await server.model.load();
    await server.model.load();
    expect(server.model.error?.message).toBe('no answer');
    expect(server.steps).toEqual([0]);
  });
});
