import '../../style/templates.css';

import type { ILabStatus } from '@jupyterlab/application';
import { Dialog, MainAreaWidget, showDialog } from '@jupyterlab/apputils';
import {
  CodeEditor,
  CodeEditorWrapper,
  IEditorServices
} from '@jupyterlab/codeeditor';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Panel } from '@lumino/widgets';
import * as React from 'react';

import { ExecProvider, IExecContext } from '../components/context';
import { execIcon } from '../icons';
import { toYaml } from '../model/yaml';
import type { TemplateDraft } from '../types';
import { EditorHead } from './editorhead';

/** What a new template begins as. */
const SKELETON = `name: my-template
description: What it does
parameters:
- name: lr
  type: number
  value: 0.1
  minimum: 0
  description: How far each step goes
run:
  source: {path: train.py}
  definition:
    configuration:
      arguments: ['--lr', '{{lr}}']
`;

let count = 0;

/** A template as YAML, in Lab's own editor. */
export class TemplateEditor extends MainAreaWidget<Panel> {
  constructor(
    private readonly _context: IExecContext,
    services: IEditorServices,
    private readonly _status: ILabStatus | null,
    args: { name: string | null; draft: TemplateDraft | null }
  ) {
    super({ content: new Panel() });
    this.toolbar.hide();
    this._name = args.name;
    this.hints = args.draft?.hints ?? [];
    this.id = `jp-exec-template-editor-${count++}`;
    this.addClass('jp-exec-template-editor');
    this.title.icon = execIcon;
    this.title.closable = true;
    const model = new CodeEditor.Model({ mimeType: 'text/x-yaml' });
    this._editor = new CodeEditorWrapper({
      model,
      factory: services.factoryService.newDocumentEditor,
      editorOptions: { config: { lineNumbers: true, lineWrap: false } }
    });
    this._editor.addClass('jp-exec-template-yaml');
    // JupyterLab's editor has no name of its own.
    this._editor.node
      .querySelector('.cm-content')
      ?.setAttribute('aria-label', _context.trans.__('Template as YAML'));
    this.content.addClass('jp-exec-template-editor-content');
    this.content.addWidget(
      ReactWidget.create(
        <ExecProvider value={_context}>
          <UseSignal signal={this.changed}>
            {() => <EditorHead editor={this} />}
          </UseSignal>
        </ExecProvider>
      )
    );
    this.content.addWidget(this._editor);
    model.sharedModel.changed.connect(this._update, this);
    _context.model.templates.changed.connect(this._onTemplate, this);
    if (args.name === null) {
      this._set(
        args.draft === null ? SKELETON : toYaml(withoutEmpty(args.draft))
      );
      // What is not stored anywhere is worth a question.
      this._saved = args.draft === null ? this._text : null;
      this._update();
    } else {
      void this.load();
    }
  }

  /** The title, what is wrong, or whether it is saved has changed. */
  readonly changed = new Signal<this, void>(this);

  /** What the server thought of the run that the draft was made of. */
  readonly hints: readonly string[];

  /** Of the template; null until a new one is stored. */
  get name(): string | null {
    return this._name;
  }

  /** Whether there is something to save. */
  get isDirty(): boolean {
    return this._text !== this._saved;
  }

  get isBusy(): boolean {
    return this._isBusy;
  }

  /** Why it could not be read or saved. */
  get failure(): Error | null {
    return this._failure;
  }

  /** Whether it is there to be edited. */
  get isLoaded(): boolean {
    return this._name === null || this._saved !== null;
  }

  /** Somebody has stored another version, and this text has changes. */
  get isBehind(): boolean {
    return this._isBehind;
  }

  /** The text as it is now. */
  get text(): string {
    return this._text;
  }

  /** Read the newest version; what was not saved is lost. */
  async load(): Promise<void> {
    const { templates } = this._context.model;
    this._begin();
    try {
      const text = await templates.api.yaml(this._name ?? '');
      this._set(text);
      this._saved = text;
      this._isBehind = false;
    } catch (error) {
      this._failure = error as Error;
    }
    this._end();
  }

  /** Store it; true where the server took it. */
  async save(): Promise<boolean> {
    if (this._isBusy || !this.isLoaded) {
      return false;
    }
    const text = this._text;
    this._begin();
    this._isOwnChange = true;
    try {
      const saved = await this._context.model.templates.save(this._name, text);
      this._name = saved.name;
      this._saved = text;
      this._isBehind = false;
    } catch (error) {
      this._failure = error as Error;
    }
    this._isOwnChange = false;
    this._end();
    return this._failure === null;
  }

  /** Put the cursor into a line, from 0. */
  reveal(line: number): void {
    const { editor } = this._editor;
    const text = editor.getLine(line) ?? '';
    editor.setCursorPosition({ line, column: text.search(/\S|$/) });
    editor.revealPosition({ line, column: 0 });
    editor.focus();
  }

  override dispose(): void {
    this._dirty?.dispose();
    this._context.model.templates.changed.disconnect(this._onTemplate, this);
    super.dispose();
  }

  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this._editor.editor.focus();
  }

  /** Ask before what is not saved is lost. */
  protected override onCloseRequest(msg: Message): void {
    if (!this.isDirty || !this.isLoaded) {
      super.onCloseRequest(msg);
      return;
    }
    void this._close();
  }

  private async _close(): Promise<void> {
    const { trans } = this._context;
    const result = await showDialog({
      title: trans.__('Save your changes?'),
      body: trans.__('%1 has changes that are not saved.', this.title.label),
      buttons: [
        Dialog.cancelButton(),
        Dialog.warnButton({ label: trans.__('Discard') }),
        Dialog.okButton({ label: trans.__('Save') })
      ]
    });
    const isDiscard = result.button.displayType === 'warn';
    if (isDiscard || (result.button.accept && (await this.save()))) {
      this.dispose();
    }
  }

  private _onTemplate(_: unknown, name: string): void {
    if (name !== this._name || this._isOwnChange) {
      return;
    }
    if (this.isDirty) {
      this._isBehind = true;
      this.changed.emit();
    } else {
      void this.load();
    }
  }

  private _begin(): void {
    this._isBusy = true;
    this._failure = null;
    this._update();
  }

  private _end(): void {
    if (!this.isDisposed) {
      this._isBusy = false;
      this._update();
    }
  }

  private _set(text: string): void {
    this._editor.editor.model.sharedModel.setSource(text);
  }

  private get _text(): string {
    return this._editor.editor.model.sharedModel.getSource();
  }

  private _update(): void {
    const { trans } = this._context;
    this._editor.editor.setOption('readOnly', !this.isLoaded);
    this.title.label = this._name ?? trans.__('New template');
    this.title.caption = trans.__('Template %1', this.title.label);
    const isDirty = this.isDirty && this.isLoaded;
    this.title.className = isDirty ? 'jp-mod-dirty' : '';
    if (isDirty && this._dirty === null) {
      this._dirty = this._status?.setDirty() ?? null;
    } else if (!isDirty) {
      this._dirty?.dispose();
      this._dirty = null;
    }
    this.changed.emit();
  }

  private readonly _editor: CodeEditorWrapper;
  private _name: string | null;
  private _saved: string | null = null;
  private _failure: Error | null = null;
  private _dirty: IDisposable | null = null;
  private _isBusy = false;
  private _isBehind = false;
  private _isOwnChange = false;
}

/** Leave out what a template has anyway, as the server's own export does. */
function withoutEmpty(template: TemplateDraft): object {
  const parameters = (template.parameters ?? []).map(parameter =>
    Object.fromEntries(
      Object.entries(parameter).filter(
        ([name, value]) =>
          value !== false && !(name === 'required' && value === 'false')
      )
    )
  );
  const { name, author, description, experimentSpec, run } = template;
  return {
    name,
    author,
    description,
    ...(parameters.length > 0 ? { parameters } : {}),
    experimentSpec,
    run
  };
}
