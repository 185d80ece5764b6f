import * as React from 'react';

import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { Empty } from '../components/notice';
import type { Run } from '../types';

/** What a sweep itself does not have, and where its trials are, which may. */
export function TrialsInstead(props: { run: Run; title: string }): JSX.Element {
  const { commands, trans } = useExec();
  const { runId } = props.run;
  return (
    <Empty title={props.title}>
      <p>{trans.__('They are with its trials, in the tab "Children".')}</p>
      <button
        className="jp-exec-button"
        onClick={() =>
          void commands.execute(CommandIDs.openRun, { runId, tab: 'children' })
        }
      >
        {trans.__('Show trials')}
      </button>
    </Empty>
  );
}
