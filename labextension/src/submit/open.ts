/** Opens the dialog that submits; loaded when it is wanted first. */
import '../../style/submit.css';

import '../../style/form.css';

import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { Contents, KernelSpec } from '@jupyterlab/services';
import type { IStateDB } from '@jupyterlab/statedb';

import { CommandIDs } from '../commands';
import { failureText } from '../components/failure';
import type { IExecContext } from '../components/context';
import { defaultsOf } from '../model/schema';
import type { ExecSettings } from '../model/settings';
import { RequestFailure } from '../server/errors';
import type { FrameworkView, Run, Target } from '../types';
import { SubmitDialog } from './dialog';
import { atTarget, readKnown } from './container';
import { namesEnvironment } from './environmentfile';
import { SubmitDrafts } from './drafts';
import { frameworksOf } from './frameworklist';
import { recall } from './memory';
import { IKernelChoice, ISuggestions, SubmitModel } from './model';
import { rerunState } from './rerunstate';
import { isRunnable } from './runnable';
import { initialState, ISubject, likelyScript } from './state';
import { subjectOfCells, subjectOfPath, subjectOfRun } from './subject';

/** What the dialog is for. */
export type SubmitWish =
  | { readonly path: string; readonly cells?: readonly number[] }
  | { readonly runId: string };

/** What the application gives. */
export interface ISubmitServices {
  readonly context: IExecContext;
  readonly contents: Contents.IManager;
  readonly kernelspecs: KernelSpec.IManager;
  readonly documents: IDocumentManager | null;
  readonly settings: ExecSettings;
  readonly database: IStateDB | null;
}

/** Of dialogs that were cancelled. */
const drafts = new SubmitDrafts();

/** Ask how to run something, and run it; the run, or null where somebody has cancelled. */
export async function openSubmit(
  wish: SubmitWish,
  services: ISubmitServices
): Promise<Run | null> {
  const subject = await subjectOf(wish, services);
  const model = await modelOf(subject, services);
  const asked = await new SubmitDialog(services.context, model).ask();
  // Somebody may have closed the dialog before the server has answered.
  const isClosedEarly = asked === null && model.isSubmitting;
  const run = asked ?? (await model.pending);
  if (run === null) {
    drafts.keep(subject, model.options.state, model.state);
    if (isClosedEarly) {
      tellRefused(subject, model, services);
    }
    return null;
  }
  drafts.drop(subject);
  await tell(run, services);
  return run;
}

function subjectOf(
  wish: SubmitWish,
  services: ISubmitServices
): Promise<ISubject> {
  const { requester, store } = services.context.model;
  const files = { ...services, requester };
  if ('runId' in wish) {
    return store.fetch(wish.runId).then(run => subjectOfRun(run, requester));
  }
  return wish.cells === undefined
    ? subjectOfPath(wish.path, files)
    : subjectOfCells(wish.path, wish.cells, files);
}

async function modelOf(
  subject: ISubject,
  services: ISubmitServices
): Promise<SubmitModel> {
  const { context, contents, settings } = services;
  const suggestions = await suggestionsOf(subject, contents);
  const fresh =
    subject.run === null
      ? {
          ...initialState(subject, settings, defaultsOf(subject.schema)),
          script:
            subject.kind === 'folder' ? likelyScript(suggestions.scripts) : ''
        }
      : rerunState(subject, subject.run);
  const remembers = subject.run === null && settings.get('rememberLast');
  const database = remembers ? services.database : null;
  const [{ targets, frameworks }, kernels] = await Promise.all([
    offeredBy(services),
    kernelsOf(services.kernelspecs)
  ]);
  const initial = {
    ...fresh,
    ...atTarget(fresh.target, fresh, targets)
  };
  const state =
    database === null ? initial : await recall(database, subject, initial);
  return new SubmitModel({
    exec: context.model,
    trans: context.trans,
    subject,
    initial,
    state,
    draft: drafts.restore(subject, state),
    targets,
    frameworks: frameworksOf(frameworks),
    kernels,
    suggestions,
    database,
    known: () => readKnown(context.model.runs, targets),
    readText: async path => {
      const file = await contents.get(path, {
        type: 'file',
        format: 'text',
        content: true
      });
      return String(file.content);
    }
  });
}

/** What the server has to run with. */
interface IOffered {
  readonly targets: readonly Target[];
  /** Older servers do not tell them. */
  readonly frameworks?: readonly FrameworkView[];
}

/** The targets and frameworks; nothing where this server does not tell. */
async function offeredBy(services: ISubmitServices): Promise<IOffered> {
  try {
    return await services.context.model.runs.offered();
  } catch (error) {
    const kinds = ['forbidden', 'noRoute'];
    if (error instanceof RequestFailure && kinds.includes(error.kind)) {
      return { targets: [] };
    }
    throw error;
  }
}

async function kernelsOf(
  manager: KernelSpec.IManager
): Promise<IKernelChoice[]> {
  await manager.ready;
  return Object.values(manager.specs?.kernelspecs ?? {}).flatMap(spec =>
    spec ? [{ name: spec.name, displayName: spec.display_name }] : []
  );
}

async function suggestionsOf(
  subject: ISubject,
  contents: Contents.IManager
): Promise<ISuggestions> {
  if (subject.folder === null) {
    return { scripts: [], environments: [] };
  }
  const listed = await contents.get(subject.folder, { content: true });
  const names = (listed.content as Contents.IModel[])
    .filter(({ type }) => type !== 'directory')
    .map(({ name }) => name)
    .sort();
  const folder = subject.folder;
  return {
    scripts: names.filter(isRunnable),
    environments: names
      .filter(namesEnvironment)
      .map(name => PathExt.join(folder, name))
  };
}

/** Say that what was sent before the dialog was closed has not become a run. */
function tellRefused(
  subject: ISubject,
  model: SubmitModel,
  services: ISubmitServices
): void {
  const { trans } = services.context;
  const cause =
    model.error === null
      ? trans.__('something in it is wrong.')
      : failureText(trans, model.error);
  Notification.error(trans.__('%1 was not submitted: %2', subject.name, cause));
}

/** Say that it was submitted, with the way to it. */
async function tell(run: Run, services: ISubmitServices): Promise<void> {
  const { commands, trans } = services.context;
  const open = () => commands.execute(CommandIDs.openRun, { runId: run.runId });
  if (services.settings.get('openAfterSubmit')) {
    await open();
    return;
  }
  const text = trans.__('Submitted %1', run.displayName);
  const notice = Notification.success(text, {
    autoClose: 5000,
    actions: [{ label: trans.__('Open'), callback: () => void open() }]
  });
  services.context.model.notices.set(run.runId, notice);
}
