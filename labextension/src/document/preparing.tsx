import * as React from 'react';

import { useExec } from '../components/context';
import { usePaced } from '../components/hooks';
import { LastLine } from '../model/lastline';
import { LogReader } from '../server/logs';
import type { Run } from '../types';
import { ENVIRONMENT_LOG, hasEnvironment, isInImage } from './environmentfacts';
import { useVisible } from './visible';

/** The line is drawn at most once in this time. */
const PACE_MS = 200;

/** What is made ready for a run before it starts, with the last line of that; nothing otherwise. */
export function Preparing(props: {
  run: Run;
  onShow: () => void;
}): JSX.Element | null {
  const { trans } = useExec();
  const { run, onShow } = props;
  const isActive = run.status === 'Preparing' && hasEnvironment(run);
  const line = usePaced(useLastLine(run.runId, isActive), PACE_MS);
  if (!isActive) {
    return null;
  }
  return (
    <div className="jp-exec-preparing">
      <span>
        {isInImage(run)
          ? trans.__('Getting the image and the environment ready')
          : trans.__('Getting the environment ready')}
      </span>
      <code title={line}>{line}</code>
      <button className="jp-exec-link" onClick={onShow}>
        {trans.__('Show')}
      </button>
    </div>
  );
}

/** The last line of the log of the environment, while somebody sees it. */
function useLastLine(runId: string, isActive: boolean): string {
  const { model } = useExec();
  const isVisible = useVisible();
  const [text, setText] = React.useState('');
  React.useEffect(() => {
    if (!isActive || !isVisible) {
      return undefined;
    }
    const path = ['runs', runId, 'logs', ENVIRONMENT_LOG];
    const last = new LastLine(new LogReader(model.requester, path));
    last.changed.connect(() => setText(last.text));
    return () => last.dispose();
  }, [model, runId, isActive, isVisible]);
  return text;
}
