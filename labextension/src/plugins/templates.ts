import {
  ILabStatus,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  Dialog,
  ICommandPalette,
  InputDialog,
  MainAreaWidget,
  Notification,
  showDialog,
  showErrorMessage,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import type { IExecContext } from '../components/context';
import type { TemplateEditor } from '../templates/templateeditor';
import { IExec } from '../tokens';
import type { TemplateDraft } from '../types';

/** Save the template that is being edited; for its keyboard shortcut. */
const SAVE = 'jupyter-exec:save-template';
/** A dialog to choose a template offers so many. */
const OFFERED = 500;

/** What all commands about templates share. */
interface ITools {
  readonly app: JupyterFrontEnd;
  readonly context: IExecContext;
  readonly restorer: ILayoutRestorer | null;
}

/** Templates: their forms, their YAML, their versions. */
export const templatesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-exec:templates',
  description: 'Runs, edits and restores templates.',
  autoStart: true,
  requires: [IExec],
  optional: [
    ITranslator,
    ILayoutRestorer,
    ICommandPalette,
    IEditorServices,
    ILabStatus
  ],
  activate: (
    app: JupyterFrontEnd,
    model: IExec,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    services: IEditorServices | null,
    status: ILabStatus | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter-exec');
    const context = { model, trans, commands: app.commands };
    const tools = { app, context, restorer };
    addPages(tools);
    addDelete(tools);
    const shown: string[] = [CommandIDs.runTemplate];
    if (services !== null) {
      addEditor(tools, services, status);
      addSaveAs(tools);
      shown.push(CommandIDs.editTemplate, CommandIDs.saveAsTemplate);
    }
    for (const command of shown) {
      palette?.addItem({ command, category: trans.__('Runs') });
    }
  }
};

function nameIn(args: ReadonlyPartialJSONObject): string | null {
  return typeof args['name'] === 'string' && args['name'] !== ''
    ? args['name']
    : null;
}

/** Documents that show what the server has: forms and histories. */
function addPages(tools: ITools): void {
  const { app, context, restorer } = tools;
  const { trans } = context;
  const trackers = ['form', 'history'].map(
    kind =>
      new WidgetTracker<MainAreaWidget>({
        namespace: `jupyter-exec-template-${kind}`
      })
  );
  const [forms, histories] = trackers;
  const names = new WeakMap<MainAreaWidget, string>();

  const show = async (
    tracker: WidgetTracker<MainAreaWidget>,
    name: string,
    make: () => Promise<MainAreaWidget>,
    isFresh = false
  ) => {
    let widget = tracker.find(known => names.get(known) === name);
    if (widget !== undefined && isFresh) {
      widget.dispose();
      widget = undefined;
    }
    if (widget === undefined) {
      widget = await make();
      names.set(widget, name);
      await tracker.add(widget);
      app.shell.add(widget, 'main');
    }
    app.shell.activateById(widget.id);
  };

  app.commands.addCommand(CommandIDs.runTemplate, {
    label: args =>
      args['isMenu'] ? trans.__('Run…') : trans.__('Run Template…'),
    execute: async args => {
      const name = nameIn(args) ?? (await chooseTemplate(context));
      if (name !== null) {
        const params = args['params'] as ReadonlyPartialJSONObject | undefined;
        const make = async () => {
          const { openForm } = await import('../templates/templatedocuments');
          return openForm(context, name, params);
        };
        await show(forms, name, make, params !== undefined);
      }
    }
  });
  app.commands.addCommand(CommandIDs.templateHistory, {
    label: args =>
      args['isMenu'] ? trans.__('History') : trans.__('Template History'),
    execute: async args => {
      const name = nameIn(args) ?? (await chooseTemplate(context));
      if (name !== null) {
        await show(histories, name, async () => {
          const pages = await import('../templates/templatedocuments');
          return pages.openHistory(context, name);
        });
      }
    }
  });
  const commands = [CommandIDs.runTemplate, CommandIDs.templateHistory];
  trackers.forEach((tracker, index) => {
    void restorer?.restore(tracker, {
      command: commands[index],
      args: widget => ({ name: names.get(widget) ?? '' }),
      name: widget => names.get(widget) ?? ''
    });
  });
}

/** Ask which template; null where nobody answers, or there is none. */
async function chooseTemplate(context: IExecContext): Promise<string | null> {
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
    await showErrorMessage(
      trans.__('The templates cannot be read'),
      (error as Error).message
    );
    return null;
  }
}

function addDelete({ app, context }: ITools): void {
  const { model, trans } = context;
  app.commands.addCommand(CommandIDs.deleteTemplate, {
    label: args =>
      args['isMenu'] ? trans.__('Delete…') : trans.__('Delete Template…'),
    execute: async args => {
      const name = nameIn(args) ?? (await chooseTemplate(context));
      if (name === null) {
        return;
      }
      const result = await showDialog({
        title: trans.__('Delete this template?'),
        body: trans.__(
          '%1 is taken off the list. Its versions and its runs stay, and it can be restored.',
          name
        ),
        buttons: [
          Dialog.cancelButton(),
          Dialog.warnButton({ label: trans.__('Delete') })
        ]
      });
      if (!result.button.accept) {
        return;
      }
      try {
        await model.templates.delete(name);
      } catch (error) {
        await showErrorMessage(
          trans.__('The template was not deleted'),
          (error as Error).message
        );
        return;
      }
      Notification.info(trans.__('Deleted the template %1', name), {
        autoClose: 10_000,
        actions: [
          {
            label: trans.__('History'),
            callback: () =>
              void app.commands.execute(CommandIDs.templateHistory, { name })
          }
        ]
      });
    }
  });
}

function addEditor(
  tools: ITools,
  services: IEditorServices,
  status: ILabStatus | null
): void {
  const { app, context, restorer } = tools;
  const { trans } = context;
  const tracker = new WidgetTracker<TemplateEditor>({
    namespace: 'jupyter-exec-template-editor'
  });
  app.commands.addCommand(CommandIDs.editTemplate, {
    label: args =>
      args['isMenu']
        ? trans.__('Edit')
        : nameIn(args) === null
          ? trans.__('New Template')
          : trans.__('Edit Template'),
    execute: async args => {
      const name = nameIn(args);
      const draft = (args['draft'] ?? null) as TemplateDraft | null;
      let widget =
        name === null ? undefined : tracker.find(known => known.name === name);
      if (widget === undefined) {
        const { TemplateEditor } = await import('../templates/templateeditor');
        widget = new TemplateEditor(context, services, status, { name, draft });
        widget.changed.connect(sender => void tracker.save(sender));
        await tracker.add(widget);
        app.shell.add(widget, 'main');
      }
      app.shell.activateById(widget.id);
    }
  });
  app.commands.addCommand(SAVE, {
    label: trans.__('Save Template'),
    isEnabled: () => tracker.currentWidget !== null,
    execute: () => tracker.currentWidget?.save()
  });
  app.commands.addKeyBinding({
    command: SAVE,
    keys: ['Accel S'],
    selector: '.jp-exec-template-editor'
  });
  void restorer?.restore(tracker, {
    command: CommandIDs.editTemplate,
    // A text that nobody has stored is gone with the page, which asks before.
    args: widget => ({ name: widget.name ?? '' }),
    name: widget => widget.name ?? '',
    when: app.serviceManager.ready
  });
}

function addSaveAs({ app, context }: ITools): void {
  const { model, trans } = context;
  const current = (): string | null => {
    const content = (app.shell.currentWidget as MainAreaWidget | null)
      ?.content as { runId?: unknown } | undefined;
    return typeof content?.runId === 'string' ? content.runId : null;
  };
  app.commands.addCommand(CommandIDs.saveAsTemplate, {
    label: trans.__('Save Run as Template'),
    isEnabled: args => typeof args['runId'] === 'string' || current() !== null,
    execute: async args => {
      const runId =
        typeof args['runId'] === 'string' ? args['runId'] : current();
      if (runId === null) {
        return;
      }
      try {
        const draft = await model.templates.api.draft(runId);
        await app.commands.execute(CommandIDs.editTemplate, {
          draft: draft as unknown as ReadonlyPartialJSONObject
        });
      } catch (error) {
        await showErrorMessage(
          trans.__('No template can be made of this run'),
          (error as Error).message
        );
      }
    }
  });
}
