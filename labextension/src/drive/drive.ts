import { PathExt } from '@jupyterlab/coreutils';
import type { Contents, ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

import { loaded } from '../server/failures';
import type { Requester } from '../server/request';
import type { IStoredFile } from './filelist';

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
  constructor(readonly options: IDriveOptions) {
    this.serverSettings = options.requester.settings;
  }

  abstract readonly name: string;
  readonly serverSettings: ServerConnection.ISettings;

  /** Whose files there are, for the top folder. */
  abstract owners(): Promise<string[]>;

  /** The files of one of them. */
  abstract files(owner: string): Promise<readonly IStoredFile[]>;

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

  /** Tell how much of a table was loaded. */
  setExtent(path: string, extent: ITableExtent): void {
    this._extents.set(path, extent);
  }

  /** How much of a table was loaded, where that is less than all of it. */
  extent(localPath: string): ITableExtent | undefined {
    return this._extents.get(PathExt.removeSlash(localPath));
  }

  async get(
    localPath: string,
    options?: Contents.IFetchOptions
  ): Promise<Contents.IModel> {
    const { read } = await loaded(
      this.options.requester,
      () => import('./reading')
    );
    return read(this, PathExt.removeSlash(localPath), options);
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
