import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { RequestFailure } from '../server/errors';
import { failureFrom } from '../server/failures';
import type { Requester } from '../server/request';
import type { IExecContext } from './context';

/** What is needed to tell somebody of a failure. */
export type IFailureContext = Pick<IExecContext, 'model' | 'trans'>;

/** How long a notification stays that asks for nothing. */
const CLOSE_MS = 5000;

/** What a person is told of an error: what happened, and what to do next. */
export function failureText(trans: TranslationBundle, error: Error): string {
  const failure = error instanceof RequestFailure ? error : null;
  switch (failure?.kind) {
    case 'unauthorized':
      return trans.__('You are no longer logged in to this server.');
    case 'noRoute':
      return trans.__(
        'The jupyter_exec of this server does not have this. Update it, or enable the server extension.'
      );
    case 'notFound':
      // The server's own words name routes, for programs.
      return trans.__(
        'This is no longer on the server. Somebody may have deleted it.'
      );
    case 'notLoaded':
      return trans.__(
        'A part of this page could not be loaded. Reload the page.'
      );
    case 'unreachable':
      return failure?.status === 0
        ? trans.__('The Jupyter server does not answer. Is it still running?')
        : error.message;
    default:
      return error.message;
  }
}

/** Whether logging in is what helps. */
export function needsLogin(error: Error): boolean {
  return error instanceof RequestFailure && error.kind === 'unauthorized';
}

/** Where one logs in. It belongs into another tab, so that nothing of this one is lost. */
export function loginUrl({ settings }: Requester): string {
  const next = encodeURIComponent(location.pathname + location.search);
  return `${settings.baseUrl}login?next=${next}`;
}

function openLogin(requester: Requester): void {
  window.open(loginUrl(requester), '_blank', 'noopener');
}

/** A dialog that tells of a lost server is open; one is enough. */
let isTelling = false;

/**
 * Tell why something was not done: by a notification, or by a dialog that nobody waits for.
 *
 * JupyterLab loads the code of notifications with the first one. Where that fails, since the server
 * does not answer or nobody is logged in, none is ever shown until the page is loaded again.
 */
export async function notifyFailure(
  context: IFailureContext,
  thrown: unknown
): Promise<void> {
  const { model, trans } = context;
  const error = await failureFrom(thrown, model.requester);
  if (!isLost(error)) {
    Notification.error(failureText(trans, error), { autoClose: CLOSE_MS });
  } else if (!isTelling) {
    isTelling = true;
    void showFailure(context, trans.__('This was not done'), error).finally(
      () => {
        isTelling = false;
      }
    );
  }
}

function isLost(error: Error): boolean {
  const isUnanswered =
    error instanceof RequestFailure &&
    error.kind === 'unreachable' &&
    error.status === 0;
  return isUnanswered || needsLogin(error);
}

/** Do something; a failure is told, and the answer is then undefined. */
export async function orNotify<T>(
  context: IFailureContext,
  act: () => Promise<T>
): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    await notifyFailure(context, error);
    return undefined;
  }
}

/** Tell in a dialog why something was not done. */
export async function showFailure(
  { model, trans }: IFailureContext,
  title: string,
  thrown: unknown
): Promise<void> {
  const error = await failureFrom(thrown, model.requester);
  const close = Dialog.cancelButton({ label: trans.__('Close') });
  const { button } = await showDialog({
    title,
    body: failureText(trans, error),
    buttons: needsLogin(error)
      ? [close, Dialog.okButton({ label: trans.__('Log in') })]
      : [close]
  });
  if (button.accept) {
    openLogin(model.requester);
  }
}
