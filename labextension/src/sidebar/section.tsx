import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { ExecProvider, IExecContext } from '../components/context';

/** A section of the sidebar; what is in it is made when it is first seen. */
export class Section extends ReactWidget {
  /**
   * @param context - for the components in it.
   * @param id - stable; what is remembered about the section has this name.
   * @param label - the title.
   * @param content - makes what is in it.
   */
  constructor(
    private readonly _context: IExecContext,
    id: string,
    label: string,
    private readonly _content: () => JSX.Element
  ) {
    super();
    this.id = `jp-exec-section-${id}`;
    this.addClass('jp-exec-section');
    this.title.label = label;
    this.title.dataset = { section: id };
  }

  /** It is seen now, or no more. */
  readonly visibilityChanged = new Signal<this, boolean>(this);

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this.update();
    this.visibilityChanged.emit(true);
  }

  protected override onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this.visibilityChanged.emit(false);
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    if (this.isVisible) {
      this.visibilityChanged.emit(true);
    }
  }

  protected override render(): JSX.Element | null {
    this._wasSeen ||= this.isVisible;
    return this._wasSeen ? (
      <ExecProvider value={this._context}>{this._content()}</ExecProvider>
    ) : null;
  }

  private _wasSeen = false;
}
