import {
  ILabStatus,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import type { IExecContext } from '../components/context';
import { orNotify } from '../components/failure';
import { loaded } from '../server/failures';
import type { TemplateEditor } from '../templates/templateeditor';
import { IExec } from '../tokens';
import type { TemplateDraft } from '../types';
import { showDocument } from './area';

/** Save the template that is being edited; for its keyboard shortcut. */
const SAVE = 'jupyter-exec:save-template';

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
    const shown: string[] = [
      CommandIDs.runTemplate,
      CommandIDs.templateHistory,
      CommandIDs.deleteTemplate
    ];
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
  // Two calls at the same time, as a double click makes, open one document.
  const opening = trackers.map(
    () => new Map<string, Promise<MainAreaWidget>>()
  );
  const { requester } = context.model;
  const choose = async () =>
    (await loaded(requester, actions)).chooseTemplate(context);
  const pages = () =>
    loaded(requester, () => import('../templates/templatedocuments'));

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
      const waiting = opening[trackers.indexOf(tracker)];
      const made =
        waiting.get(name) ??
        make().then(async fresh => {
          names.set(fresh, name);
          await tracker.add(fresh);
          return fresh;
        });
      waiting.set(name, made);
      widget = await made.finally(() => waiting.delete(name));
    }
    showDocument(app.shell, widget);
  };

  app.commands.addCommand(CommandIDs.runTemplate, {
    label: args =>
      args['isMenu'] ? trans.__('Run…') : trans.__('Run Template…'),
    execute: args =>
      orNotify(context, async () => {
        const name = nameIn(args) ?? (await choose());
        if (name !== null) {
          const params = args['params'] as
            ReadonlyPartialJSONObject | undefined;
          const make = async () =>
            (await pages()).openForm(context, name, params);
          await show(forms, name, make, params !== undefined);
        }
      })
  });
  app.commands.addCommand(CommandIDs.templateHistory, {
    label: args =>
      args['isMenu'] ? trans.__('History') : trans.__('Template History…'),
    execute: args =>
      orNotify(context, async () => {
        const name = nameIn(args) ?? (await choose());
        if (name !== null) {
          const make = async () => (await pages()).openHistory(context, name);
          await show(histories, name, make);
        }
      })
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

/** What asks and acts, with its dialogs; loaded when it is first used. */
const actions = () => import('../templates/actions');

function addDelete({ app, context }: ITools): void {
  const { trans } = context;
  app.commands.addCommand(CommandIDs.deleteTemplate, {
    label: args =>
      args['isMenu'] ? trans.__('Delete…') : trans.__('Delete Template…'),
    execute: args =>
      orNotify(context, async () => {
        const { requester } = context.model;
        const { chooseTemplate, deleteTemplate } = await loaded(
          requester,
          actions
        );
        const name = nameIn(args) ?? (await chooseTemplate(context));
        if (name !== null) {
          await deleteTemplate(context, name);
        }
      })
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
    execute: args =>
      orNotify(context, async () => {
        const name = nameIn(args);
        const draft = (args['draft'] ?? null) as TemplateDraft | null;
        let widget =
          name === null
            ? undefined
            : tracker.find(known => known.name === name);
        if (widget === undefined) {
          const { TemplateEditor } = await loaded(
            context.model.requester,
            () => import('../templates/templateeditor')
          );
          widget = new TemplateEditor(context, services, status, {
            name,
            draft
          });
          widget.changed.connect(sender => void tracker.save(sender));
          await tracker.add(widget);
        }
        showDocument(app.shell, widget);
      })
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
  const { trans } = context;
  const current = (): string | null => {
    const content = (app.shell.currentWidget as MainAreaWidget | null)
      ?.content as { runId?: unknown } | undefined;
    return typeof content?.runId === 'string' ? content.runId : null;
  };
  app.commands.addCommand(CommandIDs.saveAsTemplate, {
    label: trans.__('Save Run as Template'),
    isEnabled: args => typeof args['runId'] === 'string' || current() !== null,
    execute: args =>
      orNotify(context, async () => {
        const runId =
          typeof args['runId'] === 'string' ? args['runId'] : current();
        if (runId !== null) {
          const { requester } = context.model;
          const { saveAsTemplate } = await loaded(requester, actions);
          await saveAsTemplate(context, runId);
        }
      })
  });
}
