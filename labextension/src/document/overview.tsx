import * as React from 'react';

import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { Data } from './data';
import { Definition } from './definition';
import type { IRunTabProps } from './tabs';
import { Timeline } from './timeline';
import { Usage } from './usage';

/** The tab "Overview" of a run's document: where the time went, what was used, what was asked. */
export default function Overview({
  run,
  isDeleted
}: IRunTabProps): JSX.Element {
  const { commands } = useExec();
  const { runId } = run;
  const showCode = () =>
    void commands.execute(CommandIDs.openRun, { runId, tab: 'code' });
  return (
    <div className="jp-exec-overview">
      <Timeline run={run} />
      <Usage run={run} />
      <Data run={run} isDeleted={isDeleted} />
      <Definition run={run} onShowCode={showCode} />
    </div>
  );
}
