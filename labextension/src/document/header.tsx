import * as React from 'react';

import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import {
  Elapsed,
  ProgressBar,
  StatusIcon,
  statusText
} from '../components/status';
import { isTerminal } from '../model/lifecycle';
import type { Run } from '../types';
import { failureMessage, failureTitle, progressText, TITLED } from './texts';
import { useWaiting } from './waiting';

/** The head of a run's document: what it is, how it is doing, what can be done with it. */
export function RunHeader(props: {
  run: Run;
  /** Somebody has deleted it: nothing can be done with it any more. */
  isDeleted: boolean;
  onShowLog: () => void;
}): JSX.Element {
  const { commands, trans } = useExec();
  const { run, isDeleted, onShowLog } = props;
  return (
    <header className="jp-exec-header">
      <div className="jp-exec-header-title">
        <StatusIcon status={run.status} />
        <h2 title={run.displayName}>{run.displayName}</h2>
      </div>
      <Facts run={run} />
      <Actions run={run} isDeleted={isDeleted} />
      <Progress run={run} />
      <Cause run={run} onShowLog={onShowLog} />
      {isDeleted && (
        <div className="jp-exec-notice" role="status">
          {trans.__(
            'This run was deleted. What you see is the last that was known of it.'
          )}
        </div>
      )}
      {Object.keys(run.tags).length > 0 && (
        <ul className="jp-exec-tags" aria-label={trans.__('Tags')}>
          {Object.entries(run.tags).map(([name, value]) => (
            <li key={name} title={value ? `${name}=${value}` : name}>
              {value ? `${name}=${value}` : name}
            </li>
          ))}
        </ul>
      )}
      {run.parentRunId !== null && (
        <div className="jp-exec-parent">
          {trans.__('Part of')}{' '}
          <button
            className="jp-exec-link"
            onClick={() =>
              void commands.execute(CommandIDs.openRun, {
                runId: run.parentRunId
              })
            }
          >
            {run.parentRunId}
          </button>
        </div>
      )}
    </header>
  );
}

/** Why it failed; nothing where it did not. */
function Cause(props: { run: Run; onShowLog: () => void }): JSX.Element | null {
  const { trans } = useExec();
  const { error } = props.run;
  if (error === null) {
    return null;
  }
  const message = failureMessage(props.run);
  return (
    <div className="jp-exec-cause" role="alert">
      <div>
        <strong>{failureTitle(trans, props.run)}</strong>{' '}
        {!TITLED.has(error.code) && (
          <code className="jp-exec-cause-code">{error.code}</code>
        )}
        {message && <pre>{message}</pre>}
      </div>
      <button className="jp-exec-button" onClick={props.onShowLog}>
        {trans.__('Show log')}
      </button>
    </div>
  );
}

function Facts({ run }: { run: Run }): JSX.Element {
  const { trans } = useExec();
  const waiting = useWaiting(run);
  const position = waiting?.position ?? run.queuePosition;
  return (
    <div className="jp-exec-facts">
      <span className="jp-exec-state" data-status={run.status}>
        {statusText(trans, run.status)}
        {run.status === 'Queued' &&
          typeof position === 'number' &&
          `, ${trans.__('number %1', position)}`}
      </span>
      {waiting && <span>{waiting.reason}</span>}
      {run.startedAt && (
        <span>
          <Elapsed run={run} />
        </span>
      )}
      <span>{trans.__('experiment %1', run.experiment)}</span>
      <span title={trans.__('Compute target')}>
        {trans.__('on %1', run.target)}
      </span>
      {run.attempt > 1 && <span>{trans.__('attempt %1', run.attempt)}</span>}
      <code title={trans.__('Run id')}>{run.runId}</code>
    </div>
  );
}

function Progress({ run }: { run: Run }): JSX.Element | null {
  const { done, total, label } = run.progress ?? {};
  if (isTerminal(run.status) || typeof done !== 'number') {
    return null;
  }
  return (
    <div className="jp-exec-header-progress">
      <ProgressBar run={run} />
      <span>{progressText(done, total, label)}</span>
    </div>
  );
}

function Actions(props: { run: Run; isDeleted: boolean }): JSX.Element {
  const { commands, trans } = useExec();
  const { run, isDeleted } = props;
  const { runId } = run;
  const [acting, setActing] = React.useState<string | null>(null);
  const act = async (command: string) => {
    setActing(command);
    try {
      await commands.execute(command, { runId });
    } finally {
      setActing(null);
    }
  };
  const button = (
    command: string,
    label: string,
    isEnabled = true,
    className = ''
  ): JSX.Element | null =>
    commands.hasCommand(command) ? (
      <button
        className={`jp-exec-button ${className}`}
        disabled={isDeleted || !isEnabled || acting === command}
        onClick={() => void act(command)}
      >
        {label}
      </button>
    ) : null;
  const isCanceling = run.status === 'CancelRequested';
  const isOver = isTerminal(run.status);
  // It stays where it was when the run has ended: no other button gets under the pointer.
  const wasActive = React.useRef(false);
  wasActive.current ||= !isOver;
  return (
    <div
      className="jp-exec-actions"
      role="group"
      aria-label={trans.__('Actions')}
    >
      {wasActive.current &&
        button(
          CommandIDs.cancelRun,
          isCanceling ? trans.__('Canceling…') : trans.__('Cancel'),
          !isCanceling && !isOver,
          'jp-exec-cancel'
        )}
      {button(CommandIDs.rerun, trans.__('Run again'))}
      {button(CommandIDs.rerunWithChanges, trans.__('Run with changes…'))}
      {button(CommandIDs.saveAsTemplate, trans.__('Save as template'))}
      {commands.isVisible(CommandIDs.openFolder, { runId }) &&
        button(CommandIDs.openFolder, trans.__('Open source folder'))}
      {button(CommandIDs.copyRunId, trans.__('Copy id'))}
      {isOver && button(CommandIDs.deleteRun, trans.__('Delete…'))}
    </div>
  );
}
