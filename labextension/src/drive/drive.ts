import { PathExt } from '@jupyterlab/coreutils';
import { Contents, ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

import type { Requester } from '../server/request';
import { base64Of, checkSize, notebookOf, readBytes, textOf } from './content';
import {
  IFolder,
  IStoredFile,
  isFolder,
  lookUp,
  nameOf,
  treeOf
} from './filelist';

/** What a drive is made with. */
export interface IDriveOptions {
  readonly requester: Requester;
  readonly trans: TranslationBundle;
  /** Files larger than this are not loaded; asked each time, since it is a setting. */
  readonly limitBytes: () => number;
}

/** How much of a table is shown. */
export interface ITableExtent {
  readonly shown: number;
  readonly total: number;
}

/** Tables that are turned into CSV while they are read. */
export const PARQUET = /\.(parquet|pq)$/i;

/**
 * Files of the server that JupyterLab's viewers and its file browser can open, but not change.
 *
 * The first part of a path names whose files they are: a run, or a snapshot.
 */
export abstract class ReadOnlyDrive implements Contents.IDrive {
  constructor(protected readonly options: IDriveOptions) {
    this.serverSettings = options.requester.settings;
  }

  abstract readonly name: string;
  readonly serverSettings: ServerConnection.ISettings;

  /** Whose files there are, for the top folder. */
  protected abstract owners(): Promise<string[]>;

  /** The files of one of them. */
  protected abstract files(owner: string): Promise<readonly IStoredFile[]>;

  /** Where a file can be read. */
  abstract url(owner: string, path: string): string;

  /** What a person is told who tries to change something. */
  protected abstract get refusal(): string;

  /** Nothing is ever changed through this drive. */
  get fileChanged(): ISignal<Contents.IDrive, Contents.IChangedArgs> {
    return this._fileChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** The path of a file for JupyterLab, this drive's name included. */
  globalPath(owner: string, path: string): string {
    return `${this.name}:${owner}/${path}`;
  }

  /** How much of a table was loaded, where that is less than all of it. */
  extent(localPath: string): ITableExtent | undefined {
    return this._extents.get(PathExt.removeSlash(localPath));
  }

  /** The files of a run or a snapshot as a tree, read anew. */
  async tree(owner: string): Promise<IFolder> {
    return treeOf(await this.files(owner));
  }

  async get(
    localPath: string,
    options?: Contents.IFetchOptions
  ): Promise<Contents.IModel> {
    const path = PathExt.removeSlash(localPath);
    const [owner, ...rest] = path.split('/');
    if (owner === '') {
      const names = await this.owners();
      return directoryOf(
        '',
        '',
        null,
        names.map(name => directoryOf(name, name, null, null))
      );
    }
    const entry = lookUp(await this.tree(owner), rest.join('/'));
    if (entry === undefined) {
      throw await this._notFound(path);
    }
    if (isFolder(entry)) {
      return this._directory(owner, entry);
    }
    const model = fileOf(path, entry, options);
    // JupyterLab's own drive does the same: without options everything, else what is asked for.
    return options === undefined || options.content
      ? { ...model, ...(await this._content(owner, entry, model, options)) }
      : model;
  }

  async getDownloadUrl(localPath: string): Promise<string> {
    const [owner, ...rest] = PathExt.removeSlash(localPath).split('/');
    return downloadUrl(this.url(owner, rest.join('/')));
  }

  newUntitled(): Promise<Contents.IModel> {
    return this._refuse();
  }

  delete(): Promise<void> {
    return this._refuse();
  }

  rename(): Promise<Contents.IModel> {
    return this._refuse();
  }

  save(): Promise<Contents.IModel> {
    return this._refuse();
  }

  copy(): Promise<Contents.IModel> {
    return this._refuse();
  }

  createCheckpoint(): Promise<Contents.ICheckpointModel> {
    return this._refuse();
  }

  async listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return [];
  }

  restoreCheckpoint(): Promise<void> {
    return this._refuse();
  }

  deleteCheckpoint(): Promise<void> {
    return this._refuse();
  }

  private _directory(owner: string, folder: IFolder): Contents.IModel {
    const of = (path: string) => (path === '' ? owner : `${owner}/${path}`);
    return directoryOf(
      folder.name || owner,
      of(folder.path),
      folder.modifiedAt,
      [
        ...folder.folders.map(each =>
          directoryOf(each.name, of(each.path), each.modifiedAt, null)
        ),
        ...folder.files.map(each => fileOf(of(each.path), each))
      ]
    );
  }

  private async _content(
    owner: string,
    file: IStoredFile,
    model: Contents.IModel,
    options: Contents.IFetchOptions = {}
  ): Promise<Partial<Contents.IModel>> {
    const { requester, trans } = this.options;
    const { name } = model;
    const url = this.url(owner, file.path);
    const limitBytes = this.options.limitBytes();
    if (PARQUET.test(name) && options.format !== 'base64') {
      const { readTable } = await import('./parquet');
      const source = { url, name, sizeBytes: file.sizeBytes, limitBytes };
      const table = await readTable(requester, trans, source);
      this._extents.set(model.path, table);
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
  private async _notFound(path: string): Promise<Error> {
    return new ServerConnection.ResponseError(
      new Response(null, { status: 404 }),
      this.options.trans.__('There is no file %1 any more.', path)
    );
  }

  private _refuse(): Promise<never> {
    return Promise.reject(new Error(this.refusal));
  }

  private _isDisposed = false;
  private readonly _extents = new Map<string, ITableExtent>();
  private readonly _fileChanged = new Signal<
    Contents.IDrive,
    Contents.IChangedArgs
  >(this);
}

/** Allow a page's own link to download from an address; as JupyterLab's drive does it. */
export function downloadUrl(url: string): string {
  const found = /\b_xsrf=([^;]*)/.exec(document.cookie);
  return found === null
    ? url
    : `${url}${url.includes('?') ? '&' : '?'}_xsrf=${encodeURIComponent(found[1])}`;
}

/** What JupyterLab shows where a time is not known. */
const NO_TIME = '';

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
