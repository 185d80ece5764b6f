import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { STATUS_ICONS } from '../icons';
import { isTerminal } from '../model/lifecycle';
import type { Run, RunStatus } from '../types';
import { useAway } from './connection';
import { useExec } from './context';
import { formatDuration } from './format';
import { useNow } from './hooks';

/** The word for a state. */
export function statusText(
  trans: TranslationBundle,
  status: RunStatus
): string {
  const words: Record<RunStatus, string> = {
    NotStarted: trans.__('Not started'),
    Queued: trans.__('Queued'),
    Preparing: trans.__('Preparing'),
    Starting: trans.__('Starting'),
    Running: trans.__('Running'),
    NotResponding: trans.__('Not responding'),
    CancelRequested: trans.__('Canceling'),
    Finalizing: trans.__('Finalizing'),
    Completed: trans.__('Completed'),
    Failed: trans.__('Failed'),
    Canceled: trans.__('Canceled')
  };
  return words[status];
}

/** A state as an icon; its word is its name for those who cannot see it. */
export function StatusIcon({ status }: { status: RunStatus }): JSX.Element {
  const { trans } = useExec();
  const Icon = STATUS_ICONS[status].react;
  const text = statusText(trans, status);
  return (
    <span
      className="jp-exec-status-icon"
      data-status={status}
      role="img"
      aria-label={text}
      title={text}
    >
      <Icon tag={null} />
    </span>
  );
}

/** How long a run has been running, or did; nothing before it has started. */
export function Elapsed({ run }: { run: Run }): JSX.Element {
  const isAway = useAway() !== null;
  const running = run.startedAt !== null && !isTerminal(run.status);
  // What nobody knows does not go on.
  const now = useNow(running && !isAway);
  if (!run.startedAt) {
    return <span className="jp-exec-elapsed" />;
  }
  const end = run.endedAt ? Date.parse(run.endedAt) : now;
  return (
    <span className="jp-exec-elapsed">
      {formatDuration(end - Date.parse(run.startedAt))}
    </span>
  );
}

/** How far a run says it is; nothing where it does not say. */
export function ProgressBar({ run }: { run: Run }): JSX.Element | null {
  const { done, total, label } = run.progress ?? {};
  if (isTerminal(run.status) || typeof done !== 'number') {
    return null;
  }
  const known = typeof total === 'number' && total > 0;
  const share = known ? Math.min(1, Math.max(0, done / total)) : undefined;
  const text = [label, known ? `${done}/${total}` : String(done)];
  return (
    <span
      className="jp-exec-progress"
      role="progressbar"
      aria-label={text.filter(Boolean).join(' ')}
      aria-valuenow={share === undefined ? undefined : Math.round(share * 100)}
      title={text.filter(Boolean).join(' ')}
    >
      <span style={{ transform: `translateX(${(share ?? 0) * 100 - 100}%)` }} />
    </span>
  );
}
