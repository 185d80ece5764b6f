import * as React from 'react';

import { useExec } from '../../components/context';
import { useSignal } from '../../components/hooks';
import { Failure } from '../../components/notice';
import { RequestFailure } from '../../server/errors';

/** A short interruption, such as the restart of a proxy, is not worth a word. */
const PATIENCE_MS = 700;

/** Tells that the list is not live, and what to do about it; nothing while it is. */
export function ConnectionNotice(): JSX.Element | null {
  const { model, trans } = useExec();
  useSignal(model.stream.stateChanged);
  const { state } = model.stream;
  const isLong = useDelayed(state === 'disconnected', PATIENCE_MS);
  if (state === 'unauthorized' || state === 'noRoute') {
    return (
      <Failure
        error={new RequestFailure(state, '')}
        onRetry={() => model.stream.retry()}
      />
    );
  }
  if (state !== 'disconnected' || !isLong) {
    return null;
  }
  return (
    <div className="jp-exec-connection" role="status">
      <span>{trans.__('Disconnected; trying again')}</span>
      <button className="jp-exec-button" onClick={() => model.stream.retry()}>
        {trans.__('Try now')}
      </button>
    </div>
  );
}

/** Whether something has been so for that long. */
function useDelayed(isSo: boolean, ms: number): boolean {
  const [isLong, setLong] = React.useState(false);
  React.useEffect(() => {
    if (!isSo) {
      setLong(false);
      return undefined;
    }
    const timer = setTimeout(() => setLong(true), ms);
    return () => clearTimeout(timer);
  }, [isSo, ms]);
  return isLong;
}
