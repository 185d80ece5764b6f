import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ExecProvider, IExecContext, useExec } from '../components/context';
import { Failure } from '../components/notice';
import type { Run } from '../types';
import { SubmitProvider, TextField, useSubmit } from './fields';
import { SubmitModel } from './model';
import { More } from './more';
import { Program } from './program';
import { SeveralProcesses } from './several';
import type { ISubject } from './state';

/** What the dialog is called. */
function titleOf(subject: ISubject, trans: TranslationBundle): string {
  switch (subject.kind) {
    case 'cells':
      return trans._n(
        'Run %1 Cell in the Background',
        'Run %1 Cells in the Background',
        subject.cellCount ?? 1
      );
    case 'rerun':
      return trans.__('Run Again with Changes');
    default:
      return trans.__('Run in the Background');
  }
}

class Body extends ReactWidget {
  constructor(
    private readonly _context: IExecContext,
    private readonly _model: SubmitModel
  ) {
    super();
    this.addClass('jp-exec-submit');
  }

  protected override render(): JSX.Element {
    return (
      <ExecProvider value={this._context}>
        <SubmitProvider value={this._model}>
          <Form />
        </SubmitProvider>
      </ExecProvider>
    );
  }
}

function Form(): JSX.Element {
  const model = useSubmit();
  const { trans } = useExec();
  const node = React.useRef<HTMLDivElement>(null);
  const { subject } = model;
  React.useEffect(() => {
    void model.load();
  }, [model]);
  React.useEffect(() => {
    if (model.refusals > 0) {
      showFault(node.current);
    }
  }, [model.refusals]);
  return (
    <div ref={node} data-exec-refusals={model.refusals}>
      <div className="jp-exec-submit-what">
        <code>{whatOf(subject)}</code>
        {model.isUnsaved && (
          <span>{trans.__('has unsaved changes; it is saved first.')}</span>
        )}
      </div>
      {model.isDraft && (
        <div className="jp-exec-submit-draft" role="status">
          {trans.__('What you typed before you canceled is still here.')}{' '}
          <button
            type="button"
            className="jp-exec-link"
            onClick={() => model.startOver()}
          >
            {trans.__('Start over')}
          </button>
        </div>
      )}
      {model.error && <Failure error={model.error} />}
      <TextField
        field="name"
        label={trans.__('Name of the run')}
        placeholder={subject.name}
      />
      <Program />
      <SeveralProcesses />
      <More />
    </div>
  );
}

function whatOf(subject: ISubject): string {
  return subject.kind === 'rerun'
    ? subject.fileName || subject.name
    : subject.path || subject.name;
}

/** Bring the first fault into view, and the cursor into its field. */
function showFault(node: HTMLElement | null): void {
  const fault = node?.querySelector('[role="alert"]');
  const field = fault?.closest('.jp-exec-field, .jp-exec-resources');
  const control =
    field?.querySelector<HTMLElement>('[aria-invalid="true"]') ??
    field?.querySelector<HTMLElement>('input, select, textarea');
  control?.focus();
  fault?.scrollIntoView({ block: 'nearest' });
}

/**
 * The dialog that submits. It stays open, with all that was typed, until a run was made or somebody
 * cancels.
 */
export class SubmitDialog extends Dialog<unknown> {
  constructor(
    context: IExecContext,
    private readonly _model: SubmitModel
  ) {
    const { trans } = context;
    super({
      title: titleOf(_model.subject, trans),
      body: new Body(context, _model),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: trans.__('Run') })
      ],
      focusNodeSelector: '.jp-exec-input'
    });
    this.addClass('jp-exec-submit-dialog');
    _model.changed.connect(this._onChanged, this);
  }

  /** Show it; the run that was made, or null. */
  async ask(): Promise<Run | null> {
    await this.launch();
    return this._run;
  }

  /** Submit on "Run"; close only when that has succeeded. */
  override resolve(index = ACCEPT): void {
    if (index !== ACCEPT) {
      super.resolve(index);
      return;
    }
    void this._model.submit().then(run => {
      if (run !== null && !this.isDisposed) {
        this._run = run;
        super.resolve(ACCEPT);
      }
    });
  }

  /** A click beside the dialog does not throw away what was typed. */
  override handleEvent(event: Event): void {
    if (event.type === 'click' && event.target === this.node) {
      event.stopPropagation();
      return;
    }
    // Enter that is still held from what opened the dialog, or from the last one, submits nothing.
    if (
      event instanceof KeyboardEvent &&
      event.repeat &&
      event.key === 'Enter'
    ) {
      return;
    }
    super.handleEvent(event);
  }

  override dispose(): void {
    this._model.changed.disconnect(this._onChanged, this);
    super.dispose();
  }

  private _onChanged(): void {
    const button = this.node.querySelector<HTMLButtonElement>(
      '.jp-Dialog-footer .jp-mod-accept'
    );
    if (button !== null) {
      // Not `disabled`, which would take the keyboard's focus away, and Escape with it.
      for (const state of ['aria-disabled', 'aria-busy']) {
        button.setAttribute(state, String(this._model.isSubmitting));
      }
    }
  }

  private _run: Run | null = null;
}

const ACCEPT = 1;
