import '../../style/logs.css';

import * as React from 'react';

import { useExec } from '../components/context';
import { useAsync } from '../components/hooks';
import { Failure } from '../components/notice';
import { isTerminal } from '../model/lifecycle';
import type { Log, Run } from '../types';
import { LogPane } from './logpane';

/**
 * One log of a run in a box of its own, followed while the run goes on.
 *
 * @param props.children - what is said where there is no such log, and none will come.
 */
export function NamedLog(props: {
  run: Run;
  isDeleted: boolean;
  name: string;
  children: React.ReactNode;
}): JSX.Element {
  const { model, trans } = useExec();
  const { run, isDeleted, name } = props;
  const hasEnded = isTerminal(run.status);
  const { data, error, reload } = useAsync(
    () => model.runs.logs(run.runId),
    [model, run.runId, run.status]
  );
  if (data === undefined) {
    return error && !isDeleted ? (
      <Failure error={error} onRetry={reload} />
    ) : (
      <></>
    );
  }
  const found = data.find(log => log.name === name);
  const isWaited = !hasEnded && run.status !== 'Running' && !isDeleted;
  if (found === undefined && !isWaited) {
    return <p className="jp-exec-log-none">{props.children}</p>;
  }
  return (
    <div className="jp-exec-log-box">
      <LogPane
        key={name}
        run={run}
        isDeleted={isDeleted}
        log={found ?? nothingYet(name, run)}
        picker={<code>{trans.__('Log %1', name)}</code>}
      />
    </div>
  );
}

/** A log that is not there yet can be followed. */
function nothingYet(name: string, run: Run): Log {
  const { createdAt: modifiedAt } = run;
  return {
    name,
    role: null,
    index: null,
    attempt: null,
    sizeBytes: 0,
    modifiedAt
  };
}
