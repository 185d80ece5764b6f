import '../../style/files.css';

import * as React from 'react';

import { useExec } from '../components/context';
import { useAsync } from '../components/hooks';
import { Empty, Failure } from '../components/notice';
import { RunPicker } from '../components/runpicker';
import type { IRunTabProps } from '../document/tabs';
import { isTerminal } from '../model/lifecycle';
import type { Run } from '../types';
import { Changes, IComparison } from './changes';
import { SnapshotFiles } from './snapshotfiles';

type View = 'files' | IComparison['with'];

/** The tab "Code" of a run's document: its snapshot, and what differs from it. */
export default function Code({ run }: IRunTabProps): JSX.Element {
  const { trans } = useExec();
  const id = React.useId();
  const [view, setView] = React.useState<View>('files');
  const [other, setOther] = React.useState<Run | null>(null);
  const before = useRunBefore(run, view === 'run');
  const chosen = other ?? before ?? null;
  if (run.snapshotId === null) {
    return <NoSnapshot run={run} />;
  }
  return (
    <div className="jp-exec-code">
      <div className="jp-exec-code-toolbar">
        <label htmlFor={id}>{trans.__('Show')}</label>
        <select
          id={id}
          value={view}
          onChange={event => setView(event.target.value as View)}
        >
          <option value="files">{trans.__('Files of this run')}</option>
          <option value="folder">
            {trans.__('Compare with the folder now')}
          </option>
          <option value="run">{trans.__('Compare with another run')}</option>
          <option value="commit">{trans.__('Uncommitted changes')}</option>
        </select>
        {view === 'run' && (
          <RunPicker
            label={trans.__('Run to compare with')}
            placeholder={trans.__('Name or id of a run')}
            chosen={chosen}
            experiment={run.experiment}
            fits={each => each.runId !== run.runId && each.snapshotId !== null}
            none={trans.__('No such run with code')}
            onPick={setOther}
          />
        )}
      </div>
      {view === 'files' && (
        <SnapshotFiles
          snapshotId={run.snapshotId}
          definition={run.definition}
        />
      )}
      {view === 'run' && chosen === null && (
        <Empty title={trans.__('Choose the run to compare with')} />
      )}
      {(view === 'folder' || view === 'commit') && (
        <Changes run={run} comparison={{ with: view }} />
      )}
      {view === 'run' && chosen !== null && (
        <Changes run={run} comparison={{ with: 'run', run: chosen }} />
      )}
    </div>
  );
}

/** Known from an event, or not prepared yet: there are no files to show. */
function NoSnapshot({ run }: { run: Run }): JSX.Element {
  const { model, trans } = useExec();
  // What events tell of a run lacks its snapshot.
  const { error, isLoading, reload } = useAsync(
    () => model.store.fetch(run.runId),
    [model, run.runId, run.status]
  );
  if (error) {
    return <Failure error={error} onRetry={reload} />;
  }
  return isLoading ? (
    <></>
  ) : (
    <Empty
      title={
        isTerminal(run.status)
          ? trans.__('This run has no code of its own')
          : trans.__('The code has not been stored yet')
      }
    />
  );
}

/** As many runs are looked through for the one before. */
const RECENT = 50;

/** What a run is compared with unless something else is chosen: its parent, or the run before it. */
function useRunBefore(run: Run, isWanted: boolean): Run | undefined {
  const { model } = useExec();
  const { data } = useAsync(async () => {
    if (!isWanted) {
      return undefined;
    }
    if (run.parentRunId !== null) {
      return (
        model.store.get(run.parentRunId) ?? model.runs.get(run.parentRunId)
      );
    }
    const page = await model.runs.list({ experiment: run.experiment }, RECENT);
    return page.runs.find(
      each => each.createdAt < run.createdAt && each.snapshotId !== null
    );
  }, [model, run.runId, isWanted]);
  return data;
}
