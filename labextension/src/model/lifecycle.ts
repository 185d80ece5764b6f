/** What the states of a run mean to a person. Source: `jupyter_exec/model/lifecycle.py`. */
import type { RunStatus } from '../types';

/** All states, in the order in which a run passes them. */
export const STATUSES: readonly RunStatus[] = [
  'NotStarted',
  'Queued',
  'Preparing',
  'Starting',
  'Running',
  'NotResponding',
  'CancelRequested',
  'Finalizing',
  'Completed',
  'Failed',
  'Canceled'
];

const TERMINAL: ReadonlySet<RunStatus> = new Set<RunStatus>([
  'Completed',
  'Failed',
  'Canceled'
]);

/** Whether a run in this state has ended. */
export function isTerminal(status: RunStatus): boolean {
  return TERMINAL.has(status);
}

/** The states of runs that have not ended. */
export const ACTIVE: readonly RunStatus[] = STATUSES.filter(
  status => !TERMINAL.has(status)
);
