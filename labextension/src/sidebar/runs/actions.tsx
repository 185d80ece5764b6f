import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import * as React from 'react';

import { askToDelete } from '../../components/askdelete';
import type { IExecContext } from '../../components/context';
import { showFailure } from '../../components/failure';
import { isTerminal } from '../../model/lifecycle';
import { RequestFailure } from '../../server/errors';
import { loaded } from '../../server/failures';
import type { ActionRequest, ActionResult } from '../../types';

/** As many as one request takes. */
const MOST = 1000;
/** So many failures are listed. */
const LISTED = 20;

/** Cancel those of the runs that have not ended. */
export async function cancelRuns(
  context: IExecContext,
  runIds: readonly string[]
): Promise<void> {
  const { store } = context.model;
  const isActive = (id: string) =>
    !isTerminal(store.get(id)?.status ?? 'Queued');
  await act(context, { action: 'cancel', runIds: runIds.filter(isActive) });
}

/** Delete runs for good, after a question that says how many. */
export async function deleteRuns(
  context: IExecContext,
  runIds: readonly string[]
): Promise<void> {
  const { model, trans } = context;
  const nameOf = (id: string) => model.store.get(id)?.displayName || id;
  const active = runIds.filter(id => {
    const status = model.store.get(id)?.status;
    return status !== undefined && !isTerminal(status);
  }).length;
  const trials = trialsText(context, runIds);
  const isSure = await askToDelete(
    trans,
    runIds.length === 1
      ? trans.__('Delete %1?', nameOf(runIds[0]))
      : trans.__('Delete %1 runs?', runIds.length),
    new Text([
      trans._n(
        'Its logs, outputs and metrics are deleted with it. This cannot be undone.',
        'Their logs, outputs and metrics are deleted with them. This cannot be undone.',
        runIds.length
      ),
      trials,
      active === 0
        ? ''
        : trans._n(
            '%1 of them has not ended and will stay: cancel it first.',
            '%1 of them have not ended and will stay: cancel them first.',
            active
          )
    ])
  );
  if (isSure) {
    await act(context, { action: 'delete', runIds: [...runIds] });
  }
}

/** That trials go with the sweeps among the runs; how many, where that is known without asking. */
function trialsText(
  { model: { store }, trans }: IExecContext,
  runIds: readonly string[]
): string {
  const sweeps = runIds
    .map(id => store.get(id))
    .filter(run => !!run?.definition?.sweep);
  // One that was cancelled may have started fewer than were planned.
  const counts = sweeps.map(run =>
    run?.status === 'Completed' ? run.progress?.total : undefined
  );
  if (counts.every(count => typeof count === 'number')) {
    const count = counts.reduce<number>((sum, each) => sum + (each ?? 0), 0);
    return count === 0
      ? ''
      : trans._n(
          'And %1 trial: a sweep is deleted with its trials.',
          'And %1 trials: a sweep is deleted with its trials.',
          count
        );
  }
  return trans._n(
    'The sweep is deleted with its trials.',
    'The sweeps are deleted with their trials.',
    sweeps.length
  );
}

/** Add tags to runs or take them away, in a dialog. */
export async function tagRuns(
  context: IExecContext,
  runIds: readonly string[]
): Promise<void> {
  const { askForTags } = await loaded(
    context.model.requester,
    () => import('./tagdialog')
  );
  const tags = await askForTags(context, runIds);
  if (tags !== null && Object.keys(tags).length > 0) {
    await act(context, { action: 'tag', runIds: [...runIds], tags });
  }
}

/** Pin runs, so that no limit of the server removes them; unpin them where all are pinned. */
export async function pinRuns(
  context: IExecContext,
  runIds: readonly string[]
): Promise<void> {
  const { store } = context.model;
  const action = runIds.every(id => store.get(id)?.pinned) ? 'unpin' : 'pin';
  await act(context, { action, runIds: [...runIds] });
}

/** Do it, and show for which runs it could not be done, and why. */
async function act(
  context: IExecContext,
  request: ActionRequest
): Promise<void> {
  const { model, trans } = context;
  const failed: ActionResult[] = [];
  try {
    for (let from = 0; from < request.runIds.length; from += MOST) {
      const runIds = request.runIds.slice(from, from + MOST);
      const results = await model.store.read(
        () => model.runs.act({ ...request, runIds }),
        found => found.flatMap(({ run }) => (run === null ? [] : [run]))
      );
      failed.push(...results.filter(({ error }) => error !== null));
    }
  } catch (error) {
    await showFailure(context, trans.__('The server did not do it'), error);
  }
  const real =
    request.action === 'delete' ? await present(context, failed) : failed;
  if (real.length > 0) {
    await showFailed(context, real, request.runIds.length);
  }
}

/** Those of runs that are still there: who wants a run deleted that is gone has what was wanted. */
async function present(
  { model: { store } }: IExecContext,
  failed: readonly ActionResult[]
): Promise<ActionResult[]> {
  const isActive = (id: string) => {
    const status = store.get(id)?.status;
    return status !== undefined && !isTerminal(status);
  };
  // Of most the events have told already.
  const left = failed.filter(({ runId }) => !store.isDeleted(runId));
  // The answer tells it in words for programs only, so that it is asked.
  const odd = left.filter(({ runId }) => !isActive(runId)).slice(0, LISTED);
  const gone = new Set<string>();
  for (const { runId } of odd) {
    try {
      await store.fetch(runId);
    } catch (error) {
      if (error instanceof RequestFailure && error.kind === 'notFound') {
        gone.add(runId);
      }
    }
  }
  return left.filter(({ runId }) => !gone.has(runId));
}

async function showFailed(
  { model, trans }: IExecContext,
  failed: readonly ActionResult[],
  asked: number
): Promise<void> {
  const lines = failed.slice(0, LISTED).map(({ runId, error }) => {
    const name = model.store.get(runId)?.displayName || runId;
    return `${name}: ${error?.message ?? ''}`;
  });
  const more = failed.length - lines.length;
  await showDialog({
    title: trans.__('Not done for %1 of %2', failed.length, asked),
    body: new Text([
      ...lines,
      more > 0 ? trans._n('and %1 more', 'and %1 more', more) : ''
    ]),
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
}

/** Paragraphs; empty ones are left out. */
class Text extends ReactWidget {
  constructor(private readonly _lines: readonly string[]) {
    super();
    this.addClass('jp-exec-dialog-text');
  }

  protected override render(): JSX.Element {
    return (
      <>
        {this._lines.filter(Boolean).map((line, index) => (
          <p key={index}>{line}</p>
        ))}
      </>
    );
  }
}
