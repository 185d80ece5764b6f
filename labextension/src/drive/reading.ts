import { PathExt } from '@jupyterlab/coreutils';
import { Contents, ServerConnection } from '@jupyterlab/services';

import { loaded } from '../server/failures';
import { base64Of, checkSize, notebookOf, readBytes, textOf } from './content';
import { PARQUET, ReadOnlyDrive } from './drive';
import {
  IFolder,
  IStoredFile,
  isFolder,
  lookUp,
  nameOf,
  treeOf
} from './filelist';

/** What JupyterLab is told about a file or a folder of a drive; loaded when it first asks. */
export async function read(
  drive: ReadOnlyDrive,
  path: string,
  options?: Contents.IFetchOptions
): Promise<Contents.IModel> {
  const [owner, ...rest] = path.split('/');
  if (owner === '') {
    const names = await drive.owners();
    return directoryOf(
      '',
      '',
      null,
      names.map(name => directoryOf(name, name, null, null))
    );
  }
  const entry = lookUp(await readTree(drive, owner), rest.join('/'));
  if (entry === undefined) {
    throw notFound(drive, path);
  }
  if (isFolder(entry)) {
    return folderOf(owner, entry);
  }
  const model = fileOf(path, entry, options);
  // JupyterLab's own drive does the same: without options everything, else what is asked for.
  return options === undefined || options.content
    ? { ...model, ...(await readContent(drive, owner, entry, model, options)) }
    : model;
}

/** The files of a run or a snapshot as a tree, read anew. */
export async function readTree(
  drive: ReadOnlyDrive,
  owner: string
): Promise<IFolder> {
  return treeOf(await drive.files(owner));
}

function folderOf(owner: string, folder: IFolder): Contents.IModel {
  const of = (path: string) => (path === '' ? owner : `${owner}/${path}`);
  return directoryOf(folder.name || owner, of(folder.path), folder.modifiedAt, [
    ...folder.folders.map(each =>
      directoryOf(each.name, of(each.path), each.modifiedAt, null)
    ),
    ...folder.files.map(each => fileOf(of(each.path), each))
  ]);
}

async function readContent(
  drive: ReadOnlyDrive,
  owner: string,
  file: IStoredFile,
  model: Contents.IModel,
  options: Contents.IFetchOptions = {}
): Promise<Partial<Contents.IModel>> {
  const { requester, trans } = drive.options;
  const { name } = model;
  const url = drive.url(owner, file.path);
  const limitBytes = drive.options.limitBytes();
  if (PARQUET.test(name) && options.format !== 'base64') {
    const { readTable } = await loaded(requester, () => import('./parquet'));
    const source = { url, name, sizeBytes: file.sizeBytes, limitBytes };
    const table = await readTable(requester, trans, source);
    drive.setExtent(model.path, table);
    return { content: table.csv, format: 'text', mimetype: 'text/csv' };
  }
  checkSize(trans, name, file.sizeBytes, limitBytes);
  const bytes = await readBytes(requester, trans, { url, name, limitBytes });
  if (model.type === 'notebook') {
    const text = textOf(trans, name, bytes);
    return { content: notebookOf(trans, name, text), format: 'json' };
  }
  if (options.format === 'base64') {
    return { content: base64Of(bytes), format: 'base64' };
  }
  return { content: textOf(trans, name, bytes), format: 'text' };
}

/** As the server's own answer is: JupyterLab looks at its status. */
function notFound(drive: ReadOnlyDrive, path: string): Error {
  return new ServerConnection.ResponseError(
    new Response(null, { status: 404 }),
    drive.options.trans.__('There is no file %1 any more.', path)
  );
}

/** JupyterLab wants a time, also where nobody knows it. */
const NO_TIME = new Date(0).toISOString();

function directoryOf(
  name: string,
  path: string,
  modifiedAt: string | null,
  content: Contents.IModel[] | null
): Contents.IModel {
  return {
    name,
    path,
    type: 'directory',
    writable: false,
    created: modifiedAt ?? NO_TIME,
    last_modified: modifiedAt ?? NO_TIME,
    mimetype: '',
    content,
    format: content === null ? null : 'json'
  };
}

const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  gif: 'image/gif',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  md: 'text/markdown',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  webp: 'image/webp'
};

/** The media type that a file's name tells; text where it tells none. */
export function mediaTypeOf(name: string): string {
  return TYPES[PathExt.extname(name).slice(1).toLowerCase()] ?? 'text/plain';
}

function fileOf(
  path: string,
  file: IStoredFile,
  options: Contents.IFetchOptions = {}
): Contents.IModel {
  const name = nameOf(path);
  const isNotebook =
    name.endsWith('.ipynb') && (options.type ?? 'notebook') === 'notebook';
  return {
    name,
    path,
    type: isNotebook ? 'notebook' : 'file',
    writable: false,
    created: file.modifiedAt ?? NO_TIME,
    last_modified: file.modifiedAt ?? NO_TIME,
    mimetype: isNotebook ? '' : mediaTypeOf(name),
    content: null,
    format: null,
    size: file.sizeBytes
  };
}
