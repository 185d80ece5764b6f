/** The states that a run went through, and for how long. */
import type { RunEvent, RunStatus } from '../types';
import { isTerminal } from './lifecycle';

/** A time in one state. */
export interface IPhase {
  readonly status: RunStatus;
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly start: number;
  /** Null while it lasts, and for the last state. */
  readonly end: number | null;
}

/** The states in their order; a state that is told twice counts once. */
export function timelineOf(events: readonly RunEvent[]): IPhase[] {
  const phases: { -readonly [K in keyof IPhase]: IPhase[K] }[] = [];
  for (const event of events) {
    if (event.type !== 'state' && event.type !== 'created') {
      continue;
    }
    const attempt = event.type === 'state' ? event.attempt : 1;
    const last = phases[phases.length - 1];
    if (last?.status === event.status && last.attempt === attempt) {
      continue;
    }
    const start = Date.parse(event.time);
    if (last !== undefined) {
      last.end = start;
    }
    phases.push({ status: event.status, attempt, start, end: null });
  }
  return phases;
}

/** How long a phase has lasted; null for the state in which a run has ended. */
export function lengthOf(phase: IPhase, now: number): number | null {
  return isTerminal(phase.status)
    ? null
    : Math.max(0, (phase.end ?? now) - phase.start);
}
