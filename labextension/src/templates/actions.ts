import {
  Dialog,
  InputDialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import { askToDelete } from '../components/askdelete';
import type { IExecContext } from '../components/context';
import { showFailure } from '../components/failure';

/** A dialog to choose a template offers so many. */
const OFFERED = 500;

/** Ask which template; null where nobody answers, or there is none. */
export async function chooseTemplate(
  context: IExecContext
): Promise<string | null> {
  const { model, trans } = context;
  try {
    const page = await model.templates.api.list('', OFFERED);
    if (page.templates.length === 0) {
      await showDialog({
        title: trans.__('No templates yet'),
        body: trans.__('Save a run as a template first, or make a new one.'),
        buttons: [Dialog.okButton()]
      });
      return null;
    }
    const answer = await InputDialog.getItem({
      title: trans.__('Which template?'),
      items: page.templates.map(template => template.name)
    });
    return answer.button.accept ? answer.value : null;
  } catch (error) {
    await showFailure(context, trans.__('The templates cannot be read'), error);
    return null;
  }
}

/** Take a template off the list, if the user wants it really. */
export async function deleteTemplate(
  context: IExecContext,
  name: string
): Promise<void> {
  const { commands, model, trans } = context;
  const isSure = await askToDelete(
    trans,
    trans.__('Delete %1?', name),
    trans.__(
      'The template is taken off the list. Its versions and its runs stay, and it can be restored.'
    )
  );
  if (!isSure) {
    return;
  }
  try {
    await model.templates.delete(name);
  } catch (error) {
    await showFailure(context, trans.__('The template was not deleted'), error);
    return;
  }
  Notification.info(trans.__('Deleted the template %1', name), {
    autoClose: 10_000,
    actions: [
      {
        label: trans.__('History'),
        callback: () =>
          void commands.execute(CommandIDs.templateHistory, { name })
      }
    ]
  });
}

/** Open a new template that is made of a run in the editor. */
export async function saveAsTemplate(
  context: IExecContext,
  runId: string
): Promise<void> {
  const { commands, model, trans } = context;
  try {
    const draft = await model.templates.api.draft(runId);
    await commands.execute(CommandIDs.editTemplate, {
      draft: draft as unknown as ReadonlyPartialJSONObject
    });
  } catch (error) {
    await showFailure(
      context,
      trans.__('No template can be made of this run'),
      error
    );
  }
}
