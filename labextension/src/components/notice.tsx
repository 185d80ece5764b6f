import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { RequestFailure } from '../server/errors';
import { useExec } from './context';

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

/** Something did not succeed: what, why, every field at fault, and what can be done about it. */
export function Failure(props: {
  error: Error;
  onRetry?: () => void;
}): JSX.Element {
  const { model, trans } = useExec();
  const { error, onRetry } = props;
  const kind = error instanceof RequestFailure ? error.kind : null;
  const faults = error instanceof RequestFailure ? error.faults : [];
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
        {kind === 'unauthorized' && (
          <a
            className="jp-exec-button"
            href={`${model.requester.settings.baseUrl}login?next=${encodeURIComponent(location.pathname + location.search)}`}
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

/** What a person is told of an error: what happened, and what to do next. */
export function failureText(trans: TranslationBundle, error: Error): string {
  switch (error instanceof RequestFailure ? error.kind : null) {
    case 'unauthorized':
      return trans.__('You are no longer logged in to this server.');
    case 'noRoute':
      return trans.__(
        'The jupyter_exec of this server does not have this. Update it, or enable the server extension.'
      );
    default:
      return error.message;
  }
}
