import type { RunEvent } from '../types';
import { lengthOf, timelineOf } from './timeline';

const at = (second: number) => `2026-01-01T00:00:${10 + second}.000Z`;

function state(status: string, second: number, attempt = 1): RunEvent {
  return { type: 'state', status, time: at(second), attempt } as RunEvent;
}

describe('timelineOf', () => {
  it('gives each state the time until the next one', () => {
    const phases = timelineOf([
      { type: 'created', status: 'NotStarted', time: at(0) } as RunEvent,
      state('Queued', 1),
      { type: 'progress', time: at(2) } as RunEvent,
      state('Running', 4),
      state('Completed', 9)
    ]);
    const now = Date.parse(at(20));
    expect(phases.map(phase => [phase.status, lengthOf(phase, now)])).toEqual([
      ['NotStarted', 1000],
      ['Queued', 3000],
      ['Running', 5000],
      ['Completed', null]
    ]);
  });

  it('goes on while a state lasts, and knows attempts apart', () => {
    const phases = timelineOf([
      state('Running', 0),
      state('Running', 1),
      state('Running', 5, 2)
    ]);
    expect(phases.map(phase => phase.attempt)).toEqual([1, 2]);
    expect(lengthOf(phases[1], Date.parse(at(8)))).toBe(3000);
  });
});
