import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

/** Ask whether something is to be deleted; what cannot be undone needs more than Enter. */
export async function askToDelete(
  trans: TranslationBundle,
  title: string,
  body: Dialog.IOptions<unknown>['body']
): Promise<boolean> {
  const { button } = await showDialog({
    title,
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep') }),
      Dialog.warnButton({ label: trans.__('Delete') })
    ],
    defaultButton: 0
  });
  return button.accept;
}
