import {
  ILabShell,
  ITreePathUpdater,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IDocumentManager } from '@jupyterlab/docmanager';
import {
  IDefaultFileBrowser,
  IFileBrowserFactory
} from '@jupyterlab/filebrowser';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { spreadsheetIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import { orNotify } from '../components/failure';
import { keepAddressPlain } from '../drive/address';
import type { ReadOnlyDrive } from '../drive/drive';
import { OutputsDrive, SnapshotsDrive } from '../drive/drives';
import { OutputsBrowser } from '../drive/outputsbrowser';
import { fileServices } from '../drive/services';
import { FileViewers, VIEWERS } from '../drive/viewers';
import { loaded } from '../server/failures';
import { IExec } from '../tokens';
import { showDocument } from './area';

/** Outputs and code of runs as files that JupyterLab's own viewers open. */
export const drivePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-exec:drive',
  description: 'Lets the viewers of JupyterLab open outputs and code of runs.',
  autoStart: true,
  requires: [IExec, IDocumentManager],
  optional: [
    ITranslator,
    ISettingRegistry,
    IEditorServices,
    IDefaultFileBrowser,
    ILabShell,
    JupyterFrontEnd.ITreeResolver,
    // Not used: with it, JupyterLab's own listener to the path in front comes before ours.
    ITreePathUpdater,
    IFileBrowserFactory
  ],
  activate: (
    app: JupyterFrontEnd,
    model: IExec,
    documents: IDocumentManager,
    translator: ITranslator | null,
    settings: ISettingRegistry | null,
    editors: IEditorServices | null,
    browser: IDefaultFileBrowser | null,
    shell: ILabShell | null,
    resolver: JupyterFrontEnd.ITreeResolver | null,
    _updater: unknown,
    browsers: IFileBrowserFactory | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter-exec');
    const { commands, docRegistry, serviceManager } = app;
    const limitBytes = () => fileServices.limitBytes();
    const outputs = new OutputsDrive(model, { trans, limitBytes });
    const snapshots = new SnapshotsDrive(model, { trans, limitBytes });
    const drives: ReadOnlyDrive[] = [outputs, snapshots];
    drives.forEach(drive => serviceManager.contents.addDrive(drive));
    docRegistry.addFileType({
      name: 'parquet',
      displayName: trans.__('Parquet file'),
      extensions: ['.parquet', '.pq'],
      mimeTypes: ['application/vnd.apache.parquet'],
      icon: spreadsheetIcon,
      contentType: 'file',
      fileFormat: 'base64'
    });
    const context = { model, commands, trans };
    const viewers = new FileViewers(context, serviceManager.contents, drives);
    VIEWERS.forEach(name => docRegistry.addWidgetExtension(name, viewers));
    fileServices.editors = editors;
    fileServices.registry = docRegistry;
    void settings?.load('jupyter-exec:plugin').then(loaded => {
      fileServices.limitBytes = () =>
        1e6 * Number(loaded.get('maxFileSize').composite);
    });

    /** Where the file browser is; it may show one of our drives, where nothing can be saved. */
    const folder = () => {
      const here = browser?.model.path ?? '';
      return serviceManager.contents.driveName(here) ? '' : here;
    };
    if (shell !== null && resolver !== null) {
      const isOurs = (path: string) =>
        drives.some(
          ({ name }) => serviceManager.contents.driveName(path) === name
        );
      keepAddressPlain({ shell, resolver }, isOurs, folder);
    }

    const opener = {
      documents,
      requester: model.requester,
      trans,
      limitBytes
    };
    /** Do something with files, whose code is loaded then; tell the user if it fails. */
    const act = async (
      action: (code: typeof import('../drive/open')) => Promise<unknown>
    ): Promise<void> => {
      await orNotify(context, async () =>
        action(await loaded(model.requester, () => import('../drive/open')))
      );
    };
    const open =
      (drive: ReadOnlyDrive, owner: string) =>
      (args: ReadonlyPartialJSONObject) =>
        act(({ openFile }) =>
          openFile(opener, drive, String(args[owner]), String(args['path']))
        );
    commands.addCommand(CommandIDs.openOutput, {
      label: trans.__('Open Output'),
      execute: open(outputs, 'runId')
    });
    if (browsers !== null && shell !== null) {
      const browsing = new OutputsBrowser(browsers, outputs, trans);
      commands.addCommand(CommandIDs.openOutputs, {
        label: trans.__('Open Outputs Folder of Run'),
        execute: args =>
          orNotify(context, async () => {
            const runId = String(args['runId']);
            const name = model.store.get(runId)?.displayName || runId;
            showDocument(app.shell, await browsing.open(runId, name));
          })
      });
    }
    commands.addCommand(CommandIDs.openCode, {
      label: trans.__('Open File of a Run'),
      execute: open(snapshots, 'snapshotId')
    });
    commands.addCommand(CommandIDs.saveCopy, {
      label: trans.__('Save a Copy of an Output'),
      execute: args =>
        act(async ({ saveCopy }) => {
          const copy = await saveCopy(opener, String(args['path']), folder());
          Notification.success(trans.__('Saved as %1', copy));
        })
    });
  }
};
