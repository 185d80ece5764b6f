import type { FileBrowser, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { TranslationBundle } from '@jupyterlab/translation';

import { execIcon } from '../icons';
import type { ReadOnlyDrive } from './drive';

const ID = 'jp-exec-outputs-browser';

/**
 * A file browser that shows what a run has left.
 *
 * It is one of its own: nobody would find the way back to the user's files in JupyterLab's.
 */
export class OutputsBrowser {
  constructor(
    private readonly _factory: IFileBrowserFactory,
    private readonly _drive: ReadOnlyDrive,
    private readonly _trans: TranslationBundle
  ) {}

  /** Show the outputs of a run; the browser is to be shown by who asks. */
  async open(runId: string, name: string): Promise<FileBrowser> {
    const browser = this._get();
    await browser.model.cd(`/${runId}`);
    browser.title.label = this._trans.__('Outputs of %1', name);
    browser.title.caption = this._trans.__(
      'What %1 has left, read-only\n%2',
      name,
      runId
    );
    return browser;
  }

  private _get(): FileBrowser {
    if (this._browser === null || this._browser.isDisposed) {
      this._browser = this._factory.createFileBrowser(ID, {
        driveName: this._drive.name,
        auto: false,
        restore: false,
        state: null,
        allowFileUploads: false
      });
      this._browser.title.icon = execIcon;
      this._browser.title.closable = true;
      this._browser.addClass('jp-exec-outputs-browser');
    }
    return this._browser;
  }

  private _browser: FileBrowser | null = null;
}
