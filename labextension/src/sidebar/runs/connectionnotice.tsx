import * as React from 'react';

import { useAway } from '../../components/connection';
import { useExec } from '../../components/context';
import { useSignal } from '../../components/hooks';
import { Failure } from '../../components/notice';
import { RequestFailure } from '../../server/errors';

/** Tells that the list is not live, and what to do about it; nothing while it is. */
export function ConnectionNotice(): JSX.Element | null {
  const { model, trans } = useExec();
  useSignal(model.stream.stateChanged);
  const { state } = model.stream;
  const isAway = useAway() !== null;
  if (state === 'unauthorized' || state === 'noRoute') {
    return (
      <Failure
        error={new RequestFailure(state, '')}
        onRetry={() => model.stream.retry()}
      />
    );
  }
  if (state !== 'disconnected' || !isAway) {
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
