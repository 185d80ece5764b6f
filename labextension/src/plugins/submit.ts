import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import { showFailure } from '../components/failure';
import { execIcon } from '../icons';
import { loaded } from '../server/failures';
import type { SubmitWish } from '../submit/open';
import { isRunnable } from '../submit/runnable';
import { IExec, IExecSettings } from '../tokens';

type Arguments = ReadonlyPartialJSONObject;

/** From a notebook, a script or a folder to a run: the commands that open the dialog. */
export const submitPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-exec:submit',
  description: 'Runs notebooks, scripts and folders in the background.',
  autoStart: true,
  requires: [IExec, IExecSettings],
  optional: [
    ITranslator,
    IDocumentManager,
    INotebookTracker,
    IFileBrowserFactory,
    IStateDB
  ],
  activate: (
    app: JupyterFrontEnd,
    model: IExec,
    settings: IExecSettings,
    translator: ITranslator | null,
    documents: IDocumentManager | null,
    notebooks: INotebookTracker | null,
    browsers: IFileBrowserFactory | null,
    database: IStateDB | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter-exec');
    const { commands, serviceManager } = app;
    const services = {
      context: { model, trans, commands },
      contents: serviceManager.contents,
      kernelspecs: serviceManager.kernelspecs,
      documents,
      settings,
      database
    };
    const open = async (wish: SubmitWish | null) => {
      if (wish === null) {
        return null;
      }
      try {
        const { openSubmit } = await loaded(
          model.requester,
          () => import('../submit/open')
        );
        return (await openSubmit(wish, services))?.runId ?? null;
      } catch (error) {
        const title = trans.__('This cannot be run');
        await showFailure(services.context, title, error);
        return null;
      }
    };
    addFileCommands(app, trans, documents, browsers, open);
    addCellCommand(app, trans, notebooks, open);
    addRerunCommand(app, trans, open);
    // What is enabled depends on the tab that is in front; buttons of toolbars do not look by themselves.
    app.shell.currentChanged?.connect(() => {
      for (const command of [
        CommandIDs.submitFile,
        CommandIDs.submitCells,
        CommandIDs.rerunWithChanges
      ]) {
        commands.notifyCommandChanged(command);
      }
    });
  }
};

type Open = (wish: SubmitWish | null) => Promise<string | null>;

/** A label; none in a toolbar, where the caption names the button. */
function labelOf(text: string): (args: Arguments) => string {
  return args => (args['toolbar'] ? '' : text);
}

function addFileCommands(
  app: JupyterFrontEnd,
  trans: TranslationBundle,
  documents: IDocumentManager | null,
  browsers: IFileBrowserFactory | null,
  open: Open
): void {
  /** The file that the arguments name, or that of the current tab. */
  const pathOf = (args: Arguments): string | null => {
    const { currentWidget } = app.shell;
    const path =
      typeof args['path'] === 'string'
        ? args['path']
        : currentWidget && documents?.contextForWidget(currentWidget)?.path;
    return typeof path === 'string' ? path : null;
  };
  app.commands.addCommand(CommandIDs.submitFile, {
    label: labelOf(trans.__('Run in Background…')),
    caption: trans.__('Run in the background, as it is now'),
    icon: execIcon,
    isEnabled: args =>
      typeof args['path'] === 'string' || isRunnable(pathOf(args) ?? ''),
    execute: args => {
      const path = pathOf(args);
      return open(path === null ? null : { path });
    }
  });
  const selected = () => {
    const items = [...(browsers?.tracker.currentWidget?.selectedItems() ?? [])];
    const item = items.length === 1 ? items[0] : null;
    return item && (item.type === 'directory' || isRunnable(item.name))
      ? item
      : null;
  };
  app.commands.addCommand(CommandIDs.submitSelected, {
    label: trans.__('Run in Background…'),
    icon: execIcon,
    isVisible: () => selected() !== null,
    execute: () => {
      const item = selected();
      return open(item && { path: item.path });
    }
  });
}

function addCellCommand(
  app: JupyterFrontEnd,
  trans: TranslationBundle,
  notebooks: INotebookTracker | null,
  open: Open
): void {
  const selected = (): SubmitWish | null => {
    const panel = notebooks?.currentWidget;
    const cells = (panel?.content.widgets ?? []).flatMap((cell, index) =>
      cell.model.type === 'code' && panel?.content.isSelectedOrActive(cell)
        ? [index]
        : []
    );
    return panel && cells.length > 0
      ? { path: panel.context.path, cells }
      : null;
  };
  app.commands.addCommand(CommandIDs.submitCells, {
    label: labelOf(trans.__('Run Selected Cells in Background…')),
    caption: trans.__('Run the selected cells in the background'),
    icon: execIcon,
    isEnabled: () =>
      notebooks !== null &&
      notebooks.currentWidget !== null &&
      notebooks.currentWidget === app.shell.currentWidget &&
      selected() !== null,
    execute: () => open(selected())
  });
}

function addRerunCommand(
  app: JupyterFrontEnd,
  trans: TranslationBundle,
  open: Open
): void {
  /** The run that the arguments name, or that of the current tab. */
  const runOf = (args: Arguments): string | null => {
    const widget = app.shell.currentWidget as {
      content?: { runId?: unknown };
    } | null;
    const runId = args['runId'] ?? widget?.content?.runId;
    return typeof runId === 'string' ? runId : null;
  };
  app.commands.addCommand(CommandIDs.rerunWithChanges, {
    label: trans.__('Run Again with Changes…'),
    icon: execIcon,
    isEnabled: args => runOf(args) !== null,
    execute: args => {
      const runId = runOf(args);
      return open(runId === null ? null : { runId });
    }
  });
}
