import * as React from 'react';

import { useExec } from '../components/context';
import { CodeDifferences } from '../components/codediff';
import { UnifiedDiff } from '../components/diff';
import { useAsync } from '../components/hooks';
import { Empty, Failure } from '../components/notice';
import { RequestFailure } from '../server/errors';
import type { Requester } from '../server/request';
import type { CodeDiff, Run } from '../types';

/** What the code of a run is compared with. */
export type IComparison =
  /** The folder it was taken from, as it is now. */
  | { readonly with: 'folder' }
  /** The commit that was checked out when the run was submitted. */
  | { readonly with: 'commit' }
  | { readonly with: 'run'; readonly run: Run };

/** What differs between the code of a run and something else. */
export function Changes(props: {
  run: Run;
  comparison: IComparison;
}): JSX.Element {
  const { comparison, run } = props;
  const other = comparison.with === 'run' ? comparison.run : null;
  return (
    <div className="jp-exec-changes" role="region" tabIndex={-1}>
      {comparison.with === 'commit' ? (
        <Uncommitted run={run} />
      ) : (
        <Compared key={other?.runId} run={run} other={other} />
      )}
    </div>
  );
}

function Compared(props: { run: Run; other: Run | null }): JSX.Element {
  const { model, trans } = useExec();
  const { other, run } = props;
  const { data, error, isLoading, reload } = useAsync(
    () =>
      // From what was before to what came after: another run counts as the earlier one.
      model.requester.get<CodeDiff>(
        ['runs', (other ?? run).runId, 'code-diff'],
        { with: other === null ? undefined : run.runId }
      ),
    [model, run.runId, other?.runId]
  );
  if (error) {
    return <Failure error={error} onRetry={reload} />;
  }
  if (data === undefined) {
    return (
      <div className="jp-exec-changes-note" role="status">
        {trans.__('Comparing…')}
      </div>
    );
  }
  const named = other === null ? data.to : other.displayName || other.runId;
  return (
    <>
      <div className="jp-exec-changes-note">
        <span>
          {other === null
            ? named === '' || named === '.'
              ? trans.__(
                  'From the code of this run to Jupyter’s root folder as it is now'
                )
              : trans.__(
                  'From the code of this run to the folder %1 as it is now',
                  named
                )
            : trans.__('From the code of %1 to that of this run', named)}
        </span>
        {other === null && (
          <button
            className="jp-exec-button"
            disabled={isLoading}
            onClick={reload}
          >
            {trans.__('Compare again')}
          </button>
        )}
      </div>
      <CodeDifferences answer={data} />
    </>
  );
}

function Uncommitted({ run }: { run: Run }): JSX.Element {
  const { model, trans } = useExec();
  const { data, error, reload } = useAsync(
    () => uncommitted(model.requester, run.runId),
    [model, run.runId]
  );
  if (error) {
    return <Failure error={error} onRetry={reload} />;
  }
  if (data === undefined) {
    return <></>;
  }
  if (data === null) {
    return (
      <Empty title={trans.__('No uncommitted changes')}>
        {run.git === null
          ? trans.__('The code of this run is not in a git repository.')
          : trans.__(
              'When the run was submitted, everything was committed in git.'
            )}
      </Empty>
    );
  }
  return (
    <>
      <div className="jp-exec-changes-note">
        {trans.__('What was not committed in git when the run was submitted')}
      </div>
      <UnifiedDiff text={data} />
    </>
  );
}

/** Null where there were none. */
async function uncommitted(
  requester: Requester,
  runId: string
): Promise<string | null> {
  try {
    const response = await requester.send(
      requester.url(['runs', runId, 'diff'])
    );
    return await response.text();
  } catch (error) {
    if (error instanceof RequestFailure && error.kind === 'notFound') {
      return null;
    }
    throw error;
  }
}
