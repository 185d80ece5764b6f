/** Reads files into the shapes that JupyterLab's documents take. No DOM. */
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { TranslationBundle } from '@jupyterlab/translation';

import { formatBytes } from '../components/format';
import type { Requester } from '../server/request';
import { joinLines } from './multiline';

/** A file is larger than what may be loaded into the browser. */
export class FileTooLarge extends Error {
  constructor(
    message: string,
    readonly sizeBytes: number
  ) {
    super(message);
    this.name = 'FileTooLarge';
  }
}

/** Refuse a file that is too large, before a byte of it was asked for. */
export function checkSize(
  trans: TranslationBundle,
  name: string,
  sizeBytes: number,
  limitBytes: number
): void {
  if (sizeBytes > limitBytes) {
    throw new FileTooLarge(
      trans.__(
        '%1 has %2. Files above %3 are not loaded into the browser. Download it instead, or raise the limit in the settings of "Runs".',
        name,
        formatBytes(sizeBytes),
        formatBytes(limitBytes)
      ),
      sizeBytes
    );
  }
}

/**
 * Read a whole file.
 *
 * @throws FileTooLarge - it has grown above the limit since it was listed; the rest is not read.
 */
export async function readBytes(
  requester: Requester,
  trans: TranslationBundle,
  file: { url: string; name: string; limitBytes: number }
): Promise<Uint8Array> {
  const abort = new AbortController();
  const response = await requester.send(file.url, { signal: abort.signal });
  const length = Number(response.headers.get('Content-Length') ?? 0);
  try {
    checkSize(trans, file.name, length, file.limitBytes);
  } catch (error) {
    abort.abort();
    throw error;
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** The first bytes of a file that is not empty. */
export async function readHead(
  requester: Requester,
  url: string,
  count: number
): Promise<Uint8Array> {
  const abort = new AbortController();
  const response = await requester.send(url, {
    headers: { Range: `bytes=0-${count - 1}` },
    signal: abort.signal
  });
  // A route that knows no ranges sends all of it.
  const reader = response.body!.getReader();
  const head = new Uint8Array(count);
  let at = 0;
  while (at < count) {
    const { done, value } = await reader.read();
    if (done) {
      break;
    }
    const part = value.subarray(0, count - at);
    head.set(part, at);
    at += part.length;
  }
  abort.abort();
  return head.subarray(0, at);
}

/** Whether these first bytes of a file are text in UTF-8. */
export function looksLikeText(head: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, {
      stream: true
    });
    return !text.includes('\0');
  } catch {
    return false;
  }
}

/** @throws Error - the bytes are no UTF-8. */
export function textOf(
  trans: TranslationBundle,
  name: string,
  bytes: Uint8Array
): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error(
      trans.__('%1 is not text in UTF-8. Download it instead.', name)
    );
  }
}

/** Bytes in base64, as documents with binary content have them. */
export function base64Of(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  }
  return btoa(parts.join(''));
}

/** Whether a notebook has the parts that a viewer reads; Lab's own breaks where one is null. */
function isWhole({ metadata, cells }: INotebookContent): boolean {
  const isObject = (part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part);
  const isFit = (part: unknown) => part === undefined || isObject(part);
  return (
    isFit(metadata) &&
    Array.isArray(cells) &&
    cells.every(
      cell =>
        isObject(cell) &&
        typeof cell.cell_type === 'string' &&
        isFit(cell.metadata) &&
        (cell.outputs === undefined ||
          (Array.isArray(cell.outputs) && cell.outputs.every(isObject)))
    )
  );
}

/**
 * A notebook that nobody here has executed: what it says about its own trust does not count.
 *
 * @throws Error - it is no notebook of version 4.
 */
export function notebookOf(
  trans: TranslationBundle,
  name: string,
  text: string
): INotebookContent {
  let notebook: INotebookContent;
  try {
    notebook = JSON.parse(text) as INotebookContent;
  } catch {
    throw new Error(
      trans.__(
        '%1 is not a whole notebook: it is not valid JSON. It may still be being written. Open it again later, or download it.',
        name
      )
    );
  }
  if (notebook?.nbformat !== 4 || !isWhole(notebook)) {
    throw new Error(
      trans.__(
        '%1 is not a notebook of version 4, which is all that can be shown here. Download it instead.',
        name
      )
    );
  }
  for (const cell of notebook.cells) {
    delete cell.metadata?.trusted;
  }
  joinLines(notebook.cells);
  return notebook;
}
