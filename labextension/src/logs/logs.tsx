import '../../style/logs.css';

import * as React from 'react';

import { useExec } from '../components/context';
import { useAsync } from '../components/hooks';
import { Empty, Failure } from '../components/notice';
import type { IRunTabProps } from '../document/tabs';
import { isTerminal } from '../model/lifecycle';
import type { Log, LogList, Run } from '../types';
import { LogPane } from './logpane';

/** What the server calls it; every other log ends with `.txt`. */
const MERGED = 'merged';

/** The tab "Logs" of a run's document: a log is picked, one is shown. */
export default function Logs({ run, isDeleted }: IRunTabProps): JSX.Element {
  const { model, trans } = useExec();
  const [picked, setPicked] = React.useState<string | null>(null);
  const logs = useAsync(
    () => model.runs.logList(run.runId),
    [model, run.runId, run.status, run.attempt]
  );
  const { data, error, reload } = logs;
  React.useEffect(() => {
    // A server that was away has an answer now.
    const onState = () => {
      if (model.stream.state === 'connected') {
        reload();
      }
    };
    model.stream.stateChanged.connect(onState);
    return () => {
      model.stream.stateChanged.disconnect(onState);
    };
  }, [model, reload]);
  if (data === undefined && isDeleted) {
    return <Empty title={trans.__('The logs were deleted with the run')} />;
  }
  if (data === undefined) {
    return error ? <Failure error={error} onRetry={reload} /> : <></>;
  }
  const merged = mergedOf(data, run);
  const known = merged ? [merged, ...data.logs] : data.logs;
  const shown = known.find(log => log.name === picked) ?? firstOf(known);
  if (shown === undefined) {
    return (
      <Empty
        title={
          isTerminal(run.status)
            ? trans.__('This run has left no log.')
            : trans.__('There is no log yet.')
        }
      >
        {!isTerminal(run.status) &&
          trans.__('It appears here when the run starts.')}
      </Empty>
    );
  }
  const picker = (
    <select
      className="jp-exec-select"
      aria-label={trans.__('Log')}
      value={shown.name}
      onChange={event => setPicked(event.target.value)}
    >
      {merged && (
        <option value={merged.name}>{trans.__('All, by time')}</option>
      )}
      {groupsOf(data.logs).map(([attempt, members]) => (
        <optgroup
          key={attempt ?? 0}
          label={
            attempt === null
              ? trans.__('Preparation')
              : trans.__('Attempt %1', attempt)
          }
        >
          {members.map(log => (
            <option key={log.name} value={log.name}>
              {log.name}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
  return (
    <LogPane
      key={shown.name}
      run={run}
      isDeleted={isDeleted}
      log={shown}
      picker={picker}
    />
  );
}

/** What most people want: all replicas, else the first one of the newest attempt. */
function firstOf(logs: readonly Log[]): Log | undefined {
  return (
    logs.find(log => log.name === MERGED) ??
    logs.find(log => log.attempt !== null) ??
    logs[0]
  );
}

/** The logs of all replicas as one; a run with one replica has none. */
function mergedOf({ mergedBytes }: LogList, run: Run): Log | undefined {
  return mergedBytes === null
    ? undefined
    : {
        name: MERGED,
        role: null,
        index: null,
        attempt: null,
        sizeBytes: mergedBytes,
        modifiedAt: run.createdAt
      };
}

/** By attempt, the newest first; those of no attempt last. */
function groupsOf(logs: readonly Log[]): [number | null, Log[]][] {
  const groups = new Map<number | null, Log[]>();
  for (const log of logs) {
    groups.set(log.attempt, [...(groups.get(log.attempt) ?? []), log]);
  }
  return [...groups].sort(([a], [b]) => (b ?? 0) - (a ?? 0));
}
