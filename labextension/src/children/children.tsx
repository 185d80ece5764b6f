import '../../style/children.css';

import * as React from 'react';

import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { useSignal } from '../components/hooks';
import { Empty, Failure } from '../components/notice';
import { Elapsed, StatusIcon, statusText } from '../components/status';
import type { IRunTabProps } from '../document/tabs';
import type { Run } from '../types';
import { Sweep } from './sweep';

/** The tab "Children" of a run's document: a sweep's trials, or the runs below another run. */
export default function Children({ run }: IRunTabProps): JSX.Element {
  return run.definition?.sweep ? <Sweep run={run} /> : <ChildRuns run={run} />;
}

/** The runs below a run that is no sweep, newest first. */
function ChildRuns({ run }: { run: Run }): JSX.Element {
  const { model, commands, trans } = useExec();
  const list = React.useMemo(
    () => model.list({ parent: run.runId }),
    [model, run.runId]
  );
  useSignal(list.changed);
  const [selected, setSelected] = React.useState<ReadonlySet<string>>(
    new Set()
  );
  React.useEffect(() => {
    void list.more();
    return () => list.dispose();
  }, [list]);
  const children = list.ids
    .map(id => model.store.get(id))
    .filter(child => child !== undefined);
  const chosen = children.filter(child => selected.has(child.runId));
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) {
      next.add(id);
    }
    setSelected(next);
  };
  const open = (runId: string) =>
    void commands.execute(CommandIDs.openRun, { runId });
  return (
    <div className="jp-exec-trials" aria-busy={list.isLoading}>
      {list.error && (
        <Failure error={list.error} onRetry={() => void list.refresh()} />
      )}
      {list.total === 0 && (
        <Empty title={trans.__('This run has no child runs')} />
      )}
      {children.length > 0 && (
        <>
          <div className="jp-exec-trials-bar">
            <span>{trans._n('%1 run', '%1 runs', list.total ?? 0)}</span>
            <button
              className="jp-exec-button"
              disabled={chosen.length < 2}
              title={trans.__('Select at least two runs to compare them')}
              onClick={() =>
                void commands.execute(CommandIDs.compare, {
                  runIds: chosen.map(child => child.runId)
                })
              }
            >
              {trans.__('Compare')}
            </button>
          </div>
          <table className="jp-exec-table">
            <thead>
              <tr>
                <th scope="col" aria-label={trans.__('Selected')} />
                <th scope="col">{trans.__('Run')}</th>
                <th scope="col">{trans.__('State')}</th>
                <th scope="col">{trans.__('Elapsed')}</th>
                <th scope="col">{trans.__('Error')}</th>
              </tr>
            </thead>
            <tbody>
              {children.map(child => (
                <tr key={child.runId}>
                  <td>
                    <input
                      type="checkbox"
                      aria-label={trans.__('Select %1', child.displayName)}
                      checked={selected.has(child.runId)}
                      onChange={() => toggle(child.runId)}
                    />
                  </td>
                  <td title={child.displayName}>
                    <button
                      className="jp-exec-link jp-exec-plain"
                      onClick={() => open(child.runId)}
                    >
                      {child.displayName}
                    </button>
                  </td>
                  <td>
                    <span className="jp-exec-trials-state">
                      <StatusIcon status={child.status} />
                      {statusText(trans, child.status)}
                    </span>
                  </td>
                  <td>
                    <Elapsed run={child} />
                  </td>
                  <td title={child.error?.message}>{child.error?.message}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      {children.length > 0 && list.hasMore && (
        <button
          className="jp-exec-button"
          disabled={list.isLoading}
          onClick={() => void list.more()}
        >
          {trans.__('Show more')}
        </button>
      )}
    </div>
  );
}
