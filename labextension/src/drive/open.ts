import '../../style/files.css';

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Requester } from '../server/request';
import { checkSize, FileTooLarge, looksLikeText, readHead } from './content';
import { downloadUrl, PARQUET, ReadOnlyDrive } from './drive';
import { IStoredFile, isFolder, lookUp, nameOf } from './filelist';
import { NOTEBOOK_VIEWER } from './notebooks';
import { readTree } from './reading';

/** What opening and copying need. */
export interface IOpener {
  readonly documents: IDocumentManager;
  readonly requester: Requester;
  readonly trans: TranslationBundle;
  readonly limitBytes: () => number;
}

/** As much of a file as is looked at to tell text from other bytes. */
const HEAD_BYTES = 4096;

/** Open a file in JupyterLab's own viewer for it; where there is none, or it is too large, offer it. */
export async function openFile(
  opener: IOpener,
  drive: ReadOnlyDrive,
  owner: string,
  path: string
): Promise<void> {
  const { documents, trans } = opener;
  const url = drive.url(owner, path);
  const entry = lookUp(await readTree(drive, owner), path);
  if (entry === undefined || isFolder(entry)) {
    throw new Error(trans.__('There is no file %1 any more.', path));
  }
  const name = nameOf(path);
  if (PARQUET.test(name)) {
    documents.openOrReveal(drive.globalPath(owner, path), 'CSVTable');
    return;
  }
  try {
    checkSize(trans, name, entry.sizeBytes, opener.limitBytes());
  } catch (error) {
    return offer(trans, url, name, (error as FileTooLarge).message);
  }
  if (!(await hasViewer(opener, url, entry))) {
    const words = trans.__(
      'JupyterLab has no viewer for %1: it is not text. You can download it.',
      name
    );
    return offer(trans, url, name, words);
  }
  documents.openOrReveal(
    drive.globalPath(owner, path),
    viewerOf(documents.registry, name)
  );
}

function viewerOf(registry: DocumentRegistry, name: string): string {
  return name.endsWith('.ipynb') && registry.getWidgetFactory(NOTEBOOK_VIEWER)
    ? NOTEBOOK_VIEWER
    : registry.defaultRenderedWidgetFactory(name).name;
}

/** Files of unknown types can be shown as text, if they are text. */
async function hasViewer(
  opener: IOpener,
  url: string,
  file: IStoredFile
): Promise<boolean> {
  const types = opener.documents.registry.getFileTypesForPath(
    nameOf(file.path)
  );
  if (types.some(type => type.name !== 'text') || file.sizeBytes === 0) {
    return true;
  }
  return looksLikeText(await readHead(opener.requester, url, HEAD_BYTES));
}

/** Say why a file is not shown, and let it be downloaded. */
async function offer(
  trans: TranslationBundle,
  url: string,
  name: string,
  body: string
): Promise<void> {
  const { button } = await showDialog({
    title: trans.__('%1 is not shown here', name),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Close') }),
      Dialog.okButton({ label: trans.__('Download') })
    ]
  });
  if (button.accept) {
    download(url, name);
  }
}

/** Let the browser download, without anything of it in this page's memory. */
export function download(url: string, name: string): void {
  const link = document.createElement('a');
  link.href = downloadUrl(url);
  link.download = name;
  link.click();
}

/**
 * Copy a file into a folder of the user's, under a name that is free, and open it.
 *
 * @returns the copy's path.
 */
export async function saveCopy(
  opener: IOpener,
  path: string,
  folder: string
): Promise<string> {
  const { contents } = opener.documents.services;
  const name = nameOf(contents.localPath(path));
  const isNotebook = name.endsWith('.ipynb');
  const source = await contents.get(path, {
    content: true,
    ...(isNotebook
      ? { type: 'notebook', format: 'json' }
      : { type: 'file', format: 'base64' })
  });
  const listing = await contents.get(folder, { content: true });
  const taken = new Set(
    (listing.content as Contents.IModel[]).map(each => each.name)
  );
  const copy = PathExt.join(folder, freeName(name, taken));
  await contents.save(copy, {
    type: source.type,
    format: source.format,
    content: source.content
  });
  opener.documents.openOrReveal(copy);
  return copy;
}

/** A name as JupyterLab gives it to copies: `a.ipynb`, `a-Copy1.ipynb`, `a-Copy2.ipynb`, ... */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  const extension = PathExt.extname(name);
  const stem = name.slice(0, name.length - extension.length);
  let free = name;
  for (let number = 1; taken.has(free); number += 1) {
    free = `${stem}-Copy${number}${extension}`;
  }
  return free;
}
