import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import { askToDelete } from '../components/askdelete';
import { notifyFailure, orNotify } from '../components/failure';
import { Flights } from '../model/flights';
import { isTerminal } from '../model/lifecycle';
import { RequestFailure } from '../server/errors';
import { failureFrom } from '../server/failures';
import type { IExec } from '../tokens';
import type { Run } from '../types';

/** What the commands about one run need. */
export interface IRunCommands {
  readonly app: JupyterFrontEnd;
  readonly model: IExec;
  readonly trans: TranslationBundle;
  /** The run whose document is the current tab. */
  readonly current: () => string | undefined;
}

const DESCRIBED = {
  args: { type: 'object', properties: { runId: { type: 'string' } } }
} as const;

/** How a browser on the server's machine calls it. */
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Lab's own command: show a file or a folder in the file browser. */
const GO_TO_PATH = 'filebrowser:go-to-path';

/** Add the commands that do something with one run; they tell by a notification what failed. */
export function addRunCommands(parts: IRunCommands): void {
  const { app, model, trans, current } = parts;
  const { commands } = app;
  const idOf = (args: ReadonlyPartialJSONObject) =>
    args['runId'] === undefined ? current() : String(args['runId']);
  const sourceOf = (args: ReadonlyPartialJSONObject): string | null => {
    const runId = idOf(args);
    const run = runId === undefined ? undefined : model.store.get(runId);
    return run?.sourcePath ?? null;
  };
  // One at a time for each run: a double click makes no two runs.
  const flights = new Flights();
  const add = (
    command: string,
    label: string | ((run: Run | undefined) => string),
    act: (runId: string) => Promise<void>,
    fits: (run: Run) => boolean = () => true
  ) =>
    commands.addCommand(command, {
      label: args => {
        const runId = idOf(args);
        return typeof label === 'string'
          ? label
          : label(runId === undefined ? undefined : model.store.get(runId));
      },
      describedBy: DESCRIBED,
      isEnabled: args => {
        const runId = idOf(args);
        const run = runId === undefined ? undefined : model.store.get(runId);
        // A run that nobody has looked at yet is left to the server.
        return (
          runId !== undefined &&
          !flights.has(`${command} ${runId}`) &&
          (run === undefined || fits(run))
        );
      },
      execute: async args => {
        const runId = idOf(args);
        if (runId !== undefined) {
          await flights.take(`${command} ${runId}`, async () => {
            await orNotify(parts, () => act(runId));
          });
          commands.notifyCommandChanged(command);
        }
      }
    });

  add(
    CommandIDs.cancelRun,
    trans.__('Cancel Run'),
    async runId => {
      model.store.add([await model.runs.cancel(runId)]);
    },
    run => !isTerminal(run.status) && run.status !== 'CancelRequested'
  );
  add(CommandIDs.rerun, trans.__('Run Again'), async runId => {
    const run = await model.runs.rerun(runId);
    model.store.add([run]);
    await commands.execute(CommandIDs.openRun, { runId: run.runId });
  });
  add(
    CommandIDs.pinRun,
    run => (run?.pinned ? trans.__('Unpin Run') : trans.__('Pin Run')),
    async runId => {
      const known = model.store.get(runId) ?? (await model.store.fetch(runId));
      await model.store.read(
        () => model.runs.pin(runId, !known.pinned),
        run => [run]
      );
    }
  );
  add(CommandIDs.copyRunId, trans.__('Copy Run Id'), async runId => {
    Clipboard.copyToSystem(runId);
    Notification.info(trans.__('The run id was copied.'), { autoClose: 2000 });
  });
  add(
    CommandIDs.deleteRun,
    trans.__('Delete Run…'),
    runId => deleteRun(parts, runId),
    run => isTerminal(run.status)
  );
  add(CommandIDs.openTensorBoard, trans.__('Open TensorBoard of Run'), runId =>
    openTensorBoard(parts, runId)
  );
  commands.addCommand(CommandIDs.openFolder, {
    label: trans.__('Open Source Folder of Run'),
    caption: trans.__('Show the folder that the code was taken from'),
    describedBy: DESCRIBED,
    // Notebook 7 has the file browser on a page of its own.
    isVisible: args =>
      commands.hasCommand(GO_TO_PATH) && sourceOf(args) !== null,
    isEnabled: args =>
      commands.hasCommand(GO_TO_PATH) && sourceOf(args) !== null,
    execute: async args => {
      const path = sourceOf(args);
      if (path === null) {
        return;
      }
      try {
        await app.serviceManager.contents.get(path, { content: false });
      } catch (thrown) {
        const error = await failureFrom(thrown, model.requester);
        if (error instanceof RequestFailure) {
          await notifyFailure(parts, error);
          return;
        }
        Notification.error(
          trans.__(
            '%1 is no longer there. The files of the run are in its tab "Code".',
            path || '/'
          ),
          { autoClose: 5000 }
        );
        return;
      }
      await commands.execute(GO_TO_PATH, { path });
    }
  });
}

/** A browser opens a tab only at once, so the tab is there before its page. */
async function openTensorBoard(
  { model, trans }: IRunCommands,
  runId: string
): Promise<void> {
  const tab = window.open('', '_blank');
  if (tab !== null) {
    // As `noopener` does, which would leave no tab to be sent anywhere.
    tab.opener = null;
    tab.document.title = 'TensorBoard';
    tab.document.body.textContent = trans.__('Starting TensorBoard…');
  }
  try {
    const { url, proxied } = await model.runs.tensorBoard(runId);
    const address = new URL(url, model.requester.settings.baseUrl).href;
    if (!proxied && !LOOPBACK.has(window.location.hostname)) {
      tab?.close();
      tellUnreachable(trans, address);
    } else if (tab === null) {
      tellBlocked(trans, address);
    } else {
      tab.location.replace(address);
    }
  } catch (error) {
    tab?.close();
    throw error;
  }
}

/** Without a proxy only a browser on the server's machine reaches it. */
function tellUnreachable(trans: TranslationBundle, address: string): void {
  Notification.warning(
    trans.__(
      "TensorBoard runs at %1, which only the server's machine reaches. To open it from here, install jupyter-server-proxy beside the server (pip install jupyter-server-proxy), and start the server again.",
      address
    ),
    { autoClose: false }
  );
}

/** The browser lets no tab be opened; a click on the notification may. */
function tellBlocked(trans: TranslationBundle, address: string): void {
  Notification.info(trans.__('TensorBoard is ready.'), {
    autoClose: false,
    actions: [
      {
        label: trans.__('Open'),
        callback: () => {
          window.open(address, '_blank', 'noopener,noreferrer');
        }
      }
    ]
  });
}

async function deleteRun(parts: IRunCommands, runId: string): Promise<void> {
  const { model, trans } = parts;
  const name = model.store.get(runId)?.displayName ?? runId;
  const isSure = await askToDelete(
    trans,
    trans.__('Delete %1?', name),
    trans.__(
      'Its logs, outputs and metrics are deleted with it. This cannot be undone.'
    )
  );
  if (!isSure) {
    return;
  }
  try {
    await model.runs.delete(runId);
  } catch (error) {
    // Somebody else has deleted it meanwhile.
    if (!(error instanceof RequestFailure) || error.kind !== 'notFound') {
      throw error;
    }
  }
}
