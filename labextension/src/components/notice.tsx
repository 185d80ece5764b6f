import * as React from 'react';

import { RequestFailure } from '../server/errors';
import type { ConnectionState } from '../server/eventstream';
import { useExec } from './context';
import { failureText, loginUrl, needsLogin } from './failure';

/** Nothing is here yet: what it would be, and how to get it. */
export function Empty(props: {
  title: string;
  children?: React.ReactNode;
}): JSX.Element {
  return (
    <div className="jp-exec-empty">
      <div className="jp-exec-empty-title">{props.title}</div>
      {props.children}
    </div>
  );
}

/**
 * Something did not succeed: what, why, every field at fault, and what can be done about it.
 *
 * It is tried again by itself when the server is back, unless it `isWriting`.
 */
export function Failure(props: {
  error: Error;
  onRetry?: () => void;
  isWriting?: boolean;
}): JSX.Element {
  const { model, trans } = useExec();
  const { error, onRetry, isWriting = false } = props;
  const retry = React.useRef(onRetry);
  retry.current = onRetry;
  const isAway =
    error instanceof RequestFailure &&
    ['unreachable', 'unauthorized'].includes(error.kind);
  React.useEffect(() => {
    if (!isAway || isWriting) {
      return undefined;
    }
    const onState = (_: unknown, state: ConnectionState) => {
      if (state === 'connected') {
        retry.current?.();
      }
    };
    model.stream.stateChanged.connect(onState);
    return () => {
      model.stream.stateChanged.disconnect(onState);
    };
  }, [model, isAway, isWriting]);
  const isRefused = error instanceof RequestFailure && error.kind === 'refused';
  const faults = isRefused ? error.faults : [];
  return (
    <div className="jp-exec-failure" role="alert">
      <div>{failureText(trans, error)}</div>
      {faults.length > 1 && (
        <ul>
          {faults.map((fault, index) => (
            <li key={index}>
              {fault.target && <code>{fault.target}</code>} {fault.message}
            </li>
          ))}
        </ul>
      )}
      <div className="jp-exec-failure-actions">
        {needsLogin(error) && (
          <a
            className="jp-exec-button"
            href={loginUrl(model.requester)}
            target="_blank"
            rel="noopener"
          >
            {trans.__('Log in')}
          </a>
        )}
        {onRetry && (
          <button className="jp-exec-button" onClick={onRetry}>
            {trans.__('Try again')}
          </button>
        )}
      </div>
    </div>
  );
}
