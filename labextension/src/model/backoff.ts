import { RequestFailure } from '../server/errors';

/** Pauses between attempts, in milliseconds; the last one is repeated. */
const BACK_OFF_MS = [250, 500, 1000, 2000, 5000, 10_000];

/** Whether trying again by itself is of no use. */
export function isFinal(error: unknown): error is RequestFailure {
  return error instanceof RequestFailure && error.kind !== 'unreachable';
}

/** Wait before the next attempt, the longer the more have failed; an abort ends it. */
export function backOff(failures: number, signal: AbortSignal): Promise<void> {
  const ms = BACK_OFF_MS[Math.min(failures, BACK_OFF_MS.length - 1)];
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
