import * as React from 'react';

import { RequestFailure } from '../server/errors';
import { useExec } from './context';
import { failureText } from './failure';
import { useSignal } from './hooks';

/** A short interruption, such as the restart of a proxy, is not worth a word. */
const PATIENCE_MS = 700;

/** That what is shown is not live. */
export interface IAway {
  readonly word: string;
  readonly why: string;
}

/** Whether the server has been away for long enough to be told; null while what is shown is live. */
export function useAway(): IAway | null {
  const { model, trans } = useExec();
  useSignal(model.stream.stateChanged);
  const { state } = model.stream;
  const isLong = useDelayed(state === 'disconnected', PATIENCE_MS);
  if (state === 'unauthorized' || state === 'noRoute') {
    return {
      word:
        state === 'unauthorized'
          ? trans.__('Logged out')
          : trans.__('Disconnected'),
      why: failureText(trans, new RequestFailure(state, ''))
    };
  }
  return state === 'disconnected' && isLong
    ? {
        word: trans.__('Disconnected'),
        why: trans.__(
          'The Jupyter server does not answer. It is tried again by itself.'
        )
      }
    : null;
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
