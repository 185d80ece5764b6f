import { ServerConnection } from '@jupyterlab/services';

import { RequestFailure } from './errors';
import { noAnswer, Requester } from './request';

/** So long one waits for the answer that tells why something else has failed; in milliseconds. */
const PATIENCE_MS = 5000;

/**
 * Load code that is loaded when it is wanted.
 *
 * A chunk that could not be loaded is forgotten by the bundler, so that the next call asks again.
 *
 * @param load - imports a module.
 * @throws RequestFailure - the code could not be loaded; it tells why.
 */
export async function loaded<T>(
  requester: Requester,
  load: () => Promise<T>
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw await failureFrom(error, requester);
  }
}

/**
 * What is behind an error of the bundler, or of JupyterLab's own requests, which do not tell that
 * the server is gone, or that nobody is logged in any more. Other errors stay what they are.
 */
export async function failureFrom(
  error: unknown,
  requester: Requester
): Promise<Error> {
  if (error instanceof RequestFailure) {
    return error;
  }
  if (error instanceof ServerConnection.NetworkError) {
    return noAnswer();
  }
  if (isChunkError(error)) {
    const text = 'A part of this page could not be loaded. Reload the page.';
    return (
      (await failureNow(requester)) ?? new RequestFailure('notLoaded', text)
    );
  }
  const isRefused =
    error instanceof ServerConnection.ResponseError &&
    [401, 403].includes(error.response.status);
  const cause = isRefused ? await failureNow(requester) : null;
  return cause ?? (error instanceof Error ? error : new Error(String(error)));
}

function isChunkError(error: unknown): boolean {
  return error instanceof Error && error.name === 'ChunkLoadError';
}

/** Why the server does not answer us now; null where it does. */
async function failureNow(
  requester: Requester
): Promise<RequestFailure | null> {
  const url = requester.url(['runs'], { limit: 1 });
  try {
    await requester.send(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return null;
  } catch (error) {
    return error instanceof RequestFailure ? error : noAnswer();
  }
}
