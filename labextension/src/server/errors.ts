import type { ErrorDetail } from '../types';

/** Why a request did not succeed, in kinds that call for different help. */
export type FailureKind =
  /** The server does not answer, or answers with a fault of its own. */
  | 'unreachable'
  /** Nobody is logged in any more. */
  | 'unauthorized'
  /** The user may not do that. */
  | 'forbidden'
  /** The server's jupyter_exec does not have this route: it is older than this extension, or off. */
  | 'noRoute'
  /** Code of this page is not on the server any more, as after an update. */
  | 'notLoaded'
  /** What was asked for is not there, for example a run that somebody has deleted. */
  | 'notFound'
  /** The request is wrong; `faults` names the fields. */
  | 'refused';

/** A request that did not succeed; `message` is for people. */
export class RequestFailure extends Error {
  /**
   * @param kind - what sort of failure.
   * @param message - one line that tells what happened and what to do.
   * @param faults - every fault with the JSON path of its field (`target`), where the server named some.
   * @param status - of HTTP, 0 where there was no answer.
   */
  constructor(
    readonly kind: FailureKind,
    message: string,
    readonly faults: readonly ErrorDetail[] = [],
    readonly status = 0
  ) {
    super(message);
    this.name = 'RequestFailure';
  }
}

/** The answer to every request of ours that fails. */
interface IErrorBody {
  error?: { message?: string; details?: ErrorDetail[] };
}

const NO_ROUTE = 'there is nothing at this address';

function kindOf(status: number, body: IErrorBody | null): FailureKind {
  if (status === 401) {
    return 'unauthorized';
  }
  if (status === 403) {
    return 'forbidden';
  }
  if (status === 404 || status === 405) {
    // A server without us answers with Jupyter's own page, an older one of ours with these words.
    const text = body?.error?.message;
    return text === undefined || text === NO_ROUTE ? 'noRoute' : 'notFound';
  }
  return status >= 500 ? 'unreachable' : 'refused';
}

/** Turn an answer that is not a success into a failure. */
export async function failureOf(response: Response): Promise<RequestFailure> {
  let body: IErrorBody | null = null;
  try {
    body = (await response.json()) as IErrorBody;
  } catch {
    // Not JSON: not an answer of ours. The status tells enough.
  }
  const kind = kindOf(response.status, body);
  const message =
    body?.error?.message ??
    `The server answered ${response.status} ${response.statusText}`.trim();
  return new RequestFailure(
    kind,
    message,
    body?.error?.details ?? [],
    response.status
  );
}
