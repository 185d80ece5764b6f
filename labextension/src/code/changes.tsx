import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { useExec } from '../components/context';
import { FileDiffs, UnifiedDiff } from '../components/diff';
import { IFileDiff, parseUnifiedDiff } from '../components/difftext';
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
      model.requester.get<CodeDiff>(['runs', run.runId, 'code-diff'], {
        with: other?.runId
      }),
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
  const to = other === null ? data.to : other.displayName || other.runId;
  return (
    <>
      <div className="jp-exec-changes-note">
        <span>
          {other === null
            ? trans.__(
                'From the code of this run to the folder %1 as it is now',
                to
              )
            : trans.__('From the code of this run to that of %1', to)}
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
      <FileDiffs files={fileDiffsOf(trans, data)} />
      {data.more > 0 && (
        <div className="jp-exec-changes-note">
          {trans._n(
            '%1 further file differs, which is not shown.',
            '%1 further files differ, which are not shown.',
            data.more
          )}
        </div>
      )}
    </>
  );
}

/** The answer of the server in the shape of diffs that were read from text. */
export function fileDiffsOf(
  trans: TranslationBundle,
  answer: CodeDiff
): IFileDiff[] {
  return answer.files.map(({ path, change, diff, reason }) => {
    const [read] = diff === null ? [] : parseUnifiedDiff(diff);
    return {
      path,
      oldPath: null,
      change,
      note: reason ?? (read ? null : trans.__('The file is empty.')),
      hunks: read?.hunks ?? [],
      added: read?.added ?? 0,
      removed: read?.removed ?? 0
    };
  });
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
