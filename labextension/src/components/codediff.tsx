import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { CodeDiff } from '../types';
import { useExec } from './context';
import { FileDiffs } from './diff';
import { IFileDiff, parseUnifiedDiff } from './difftext';

/** What the server says differs between the code of two runs, or of a run and a folder. */
export function CodeDifferences(props: { answer: CodeDiff }): JSX.Element {
  const { trans } = useExec();
  const { answer } = props;
  const files = React.useMemo(
    () => fileDiffsOf(trans, answer),
    [trans, answer]
  );
  return (
    <>
      <FileDiffs files={files} />
      {answer.more > 0 && (
        <div className="jp-exec-changes-note">
          {trans._n(
            '%1 further file differs, which is not shown.',
            '%1 further files differ, which are not shown.',
            answer.more
          )}
        </div>
      )}
    </>
  );
}

/** The answer of the server in the shape of diffs that were read from text. */
function fileDiffsOf(trans: TranslationBundle, answer: CodeDiff): IFileDiff[] {
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
