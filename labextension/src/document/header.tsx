import * as React from 'react';

import { CommandIDs } from '../commands';
import { IAway, useAway } from '../components/connection';
import { useExec } from '../components/context';
import { useAsync, useRun } from '../components/hooks';
import {
  Elapsed,
  ProgressBar,
  StatusIcon,
  statusText
} from '../components/status';
import { pinIcon } from '../icons';
import { isTerminal } from '../model/lifecycle';
import { RequestFailure } from '../server/errors';
import type { Run } from '../types';
import { useLeft } from './left';
import { Preparing } from './preparing';
import { Pages } from './pages';
import { failureMessage, failureTitle, progressText, TITLED } from './texts';
import { useWaiting } from './waiting';

/** The tag that a repetition has by itself. */
const RERUN_OF = 'rerunOf';

/** The head of a run's document: what it is, how it is doing, what can be done with it. */
export function RunHeader(props: {
  run: Run;
  /** Somebody has deleted it: nothing can be done with it any more. */
  isDeleted: boolean;
  onShowLog: () => void;
  onShowEnvironment: () => void;
}): JSX.Element {
  const { commands, trans } = useExec();
  const { run, isDeleted, onShowLog, onShowEnvironment } = props;
  const away = useAway();
  const { [RERUN_OF]: rerunOf, ...tags } = run.tags;
  return (
    <header className="jp-exec-header">
      <div className="jp-exec-header-title">
        <StatusIcon status={run.status} />
        <h2 title={run.displayName}>{run.displayName}</h2>
        {run.pinned && (
          <span
            className="jp-exec-pinned"
            title={trans.__('No limit of the server removes this run.')}
          >
            <pinIcon.react tag="span" className="jp-exec-pin" />
            {trans.__('Pinned')}
          </span>
        )}
      </div>
      <Facts run={run} away={away} />
      <Actions run={run} isDeleted={isDeleted} away={away} />
      <Preparing run={run} onShow={onShowEnvironment} />
      <Progress run={run} />
      <Cause run={run} onShowLog={onShowLog} />
      <Pages run={run} />
      {isDeleted && (
        <div className="jp-exec-notice" role="status">
          {trans.__(
            'This run was deleted. What you see is the last that was known of it.'
          )}
        </div>
      )}
      {Object.keys(tags).length > 0 && (
        <ul className="jp-exec-tags" aria-label={trans.__('Tags')}>
          {Object.entries(tags).map(([name, value]) => (
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
      {rerunOf && <Again key={rerunOf} runId={rerunOf} />}
    </header>
  );
}

/** The run that this one repeats, by its name where it is still there. */
function Again({ runId }: { runId: string }): JSX.Element {
  const { commands, model, trans } = useExec();
  const run = useRun(runId);
  const { error } = useAsync(
    async () => model.store.get(runId) ?? model.store.fetch(runId),
    [model, runId]
  );
  const isGone = error instanceof RequestFailure && error.kind === 'notFound';
  return (
    <div className="jp-exec-parent">
      {trans.__('Again from:')}{' '}
      {run === undefined && isGone ? (
        trans.__('%1, which was deleted', runId)
      ) : (
        <button
          className="jp-exec-link"
          title={runId}
          onClick={() => void commands.execute(CommandIDs.openRun, { runId })}
        >
          {run?.displayName || runId}
        </button>
      )}
    </div>
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

function Facts(props: { run: Run; away: IAway | null }): JSX.Element {
  const { trans } = useExec();
  const { away, run } = props;
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
      {away && (
        <span className="jp-exec-away" role="status" title={away.why}>
          {away.word}
        </span>
      )}
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

function Actions(props: {
  run: Run;
  isDeleted: boolean;
  away: IAway | null;
}): JSX.Element {
  const { commands, trans } = useExec();
  const { run, isDeleted, away } = props;
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
    className = '',
    needsServer = true
  ): JSX.Element | null =>
    commands.hasCommand(command) ? (
      <button
        className={`jp-exec-button ${className}`}
        disabled={
          isDeleted ||
          !isEnabled ||
          acting === command ||
          (needsServer && away !== null)
        }
        title={needsServer ? away?.why : undefined}
        onClick={() => void act(command)}
      >
        {label}
      </button>
    ) : null;
  const isCanceling = run.status === 'CancelRequested';
  const isOver = isTerminal(run.status);
  const { outputs, eventFiles } = useLeft(run, isDeleted, away !== null);
  return (
    <div
      className="jp-exec-actions"
      role="group"
      aria-label={trans.__('Actions')}
    >
      {/* It stays when the run has ended: no other button gets under the pointer. */}
      {button(
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
      {outputs.length > 0 &&
        button(CommandIDs.openOutputs, trans.__('Open outputs folder'))}
      {eventFiles &&
        button(
          CommandIDs.openTensorBoard,
          acting === CommandIDs.openTensorBoard
            ? trans.__('Starting TensorBoard…')
            : trans.__('TensorBoard')
        )}
      {button(
        CommandIDs.pinRun,
        run.pinned ? trans.__('Unpin') : trans.__('Pin')
      )}
      {button(CommandIDs.copyRunId, trans.__('Copy id'), true, '', false)}
      {isOver && button(CommandIDs.deleteRun, trans.__('Delete…'))}
    </div>
  );
}
