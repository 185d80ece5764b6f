import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { failureOf, RequestFailure } from './errors';

/** Below the server's base URL. */
export const PREFIX = 'jupyter-exec/v1';

/** Values of a query; those that are undefined or empty are left out. */
export type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

/** The failure of a request that nobody has answered. */
export function noAnswer(): RequestFailure {
  return new RequestFailure(
    'unreachable',
    'The Jupyter server does not answer. Is it still running?'
  );
}

/** Sends requests to our own routes, with Jupyter's own authentication. */
export class Requester {
  constructor(readonly settings: ServerConnection.ISettings) {}

  /**
   * The address of a route; each of `segments` is one part of the path, whatever it holds.
   *
   * @throws RequestFailure - a part is empty, `.` or `..`.
   */
  url(segments: readonly string[], query: Query = {}): string {
    // They would name another route: a browser takes them out of the path.
    const odd = segments.find(part => ['', '.', '..'].includes(part));
    if (odd !== undefined) {
      throw new RequestFailure('refused', `"${odd}" is not a name or an id.`);
    }
    const parts = Object.entries(query)
      .filter(([, value]) => value !== undefined && value !== '')
      .filter(([, value]) => !Array.isArray(value) || value.length > 0)
      .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
    const path = URLExt.join(
      this.settings.baseUrl,
      PREFIX,
      ...segments.map(encodeURIComponent)
    );
    return parts.length > 0 ? `${path}?${parts.join('&')}` : path;
  }

  /**
   * Send a request and return the answer, whose body nobody has read.
   *
   * @throws RequestFailure - there was no answer, or one that is not a success.
   */
  async send(url: string, init: RequestInit = {}): Promise<Response> {
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this.settings);
    } catch (error) {
      if (init.signal?.aborted) {
        throw error;
      }
      throw noAnswer();
    }
    if (!response.ok) {
      throw await failureOf(response);
    }
    return response;
  }

  /** GET, and parse the JSON answer. */
  async get<T>(segments: readonly string[], query: Query = {}): Promise<T> {
    const response = await this.send(this.url(segments, query));
    return (await response.json()) as T;
  }

  /** Send JSON with another verb, and parse the answer; undefined where it has no body. */
  async write<T>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    segments: readonly string[],
    body?: unknown
  ): Promise<T> {
    const response = await this.send(this.url(segments), {
      method,
      body: body === undefined ? undefined : JSON.stringify(body)
    });
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}
