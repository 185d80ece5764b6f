import '../../style/templates.css';

import { MainAreaWidget } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { ExecProvider, IExecContext } from '../components/context';
import { execIcon } from '../icons';
import { TemplateForm } from './templateform';
import { TemplateHistory } from './templatehistory';

/** What is shown of a template in the main area; what it shows is read in when it is opened. */
class TemplatePage extends ReactWidget {
  constructor(
    private readonly _context: IExecContext,
    private readonly _page: JSX.Element
  ) {
    super();
    this.addClass('jp-exec-template-page');
  }

  protected override render(): JSX.Element {
    return <ExecProvider value={this._context}>{this._page}</ExecProvider>;
  }
}

function open(
  context: IExecContext,
  id: string,
  label: string,
  page: JSX.Element
): MainAreaWidget {
  const widget = new MainAreaWidget({
    content: new TemplatePage(context, page)
  });
  widget.toolbar.hide();
  widget.id = id;
  widget.title.icon = execIcon;
  widget.title.label = label;
  widget.title.caption = label;
  widget.title.closable = true;
  return widget;
}

/** A template's form as a document. */
export function openForm(
  context: IExecContext,
  name: string,
  params?: ReadonlyPartialJSONObject
): MainAreaWidget {
  return open(
    context,
    formId(name),
    context.trans.__('Run %1', name),
    <TemplateForm name={name} params={params} />
  );
}

/** A template's versions as a document. */
export function openHistory(
  context: IExecContext,
  name: string
): MainAreaWidget {
  return open(
    context,
    historyId(name),
    context.trans.__('History of %1', name),
    <TemplateHistory name={name} />
  );
}

function formId(name: string): string {
  return `jp-exec-template-form-${encodeURIComponent(name)}`;
}

function historyId(name: string): string {
  return `jp-exec-template-history-${encodeURIComponent(name)}`;
}
