import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { FileDialog } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import { execIcon } from '../icons';
import { isRunnable } from '../submit/runnable';

/** The commands about submitting; those of other plug-ins are listed by their owners. */
const IN_PALETTE = [
  CommandIDs.newRun,
  CommandIDs.submitFile,
  CommandIDs.submitCells,
  CommandIDs.rerunWithChanges
];

/** A card of the launcher, and the commands about submitting in the palette. */
export const launcherPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-exec:launcher',
  description: 'Adds runs to the launcher and to the command palette.',
  autoStart: true,
  optional: [ITranslator, IDocumentManager, ILauncher, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    documents: IDocumentManager | null,
    launcher: ILauncher | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter-exec');
    if (documents !== null) {
      app.commands.addCommand(CommandIDs.newRun, {
        label: args =>
          args['isLauncher'] ? trans.__('New Run') : trans.__('New Run…'),
        caption: trans.__(
          'Choose a notebook, a script or a folder to run in the background'
        ),
        icon: execIcon,
        execute: async args => {
          const picked = await FileDialog.getOpenFiles({
            manager: documents,
            title: trans.__('What Shall Be Run?'),
            label: trans.__(
              'Select a notebook or script. Without a selection, the folder that is shown is run.'
            ),
            defaultPath: String(args['cwd'] ?? ''),
            filter: model => (isRunnable(model.name) ? {} : null)
          });
          const path = picked.value?.[0]?.path;
          return picked.button.accept && path !== undefined
            ? app.commands.execute(CommandIDs.submitFile, { path })
            : null;
        }
      });
      launcher?.add({
        command: CommandIDs.newRun,
        category: trans.__('Other'),
        rank: 10,
        args: { isLauncher: true }
      });
    }
    for (const command of IN_PALETTE) {
      palette?.addItem({ command, category: trans.__('Runs') });
    }
  }
};
