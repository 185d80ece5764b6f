import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { ExecProvider, IExecContext, useExec } from '../components/context';
import { useRun, useSignal } from '../components/hooks';
import { Failure } from '../components/notice';
import { execIcon } from '../icons';
import { RUN_TABS } from './tabs';

/** A run in the main area: its header, and one of its tabs. */
export class RunDocument extends ReactWidget {
  constructor(
    private readonly _context: IExecContext,
    readonly runId: string,
    tab = RUN_TABS[0].id
  ) {
    super();
    this._tab = tab;
    this.id = `jp-exec-run-${runId}`;
    this.addClass('jp-exec-document');
    this.title.icon = execIcon;
    this.title.label = runId;
    this.title.closable = true;
  }

  /** The id of the tab that is shown. */
  get tab(): string {
    return this._tab;
  }

  set tab(id: string) {
    if (id !== this._tab) {
      this._tab = id;
      this.tabChanged.emit();
    }
  }

  /** Another tab is shown; for whoever restores the document after a reload. */
  readonly tabChanged = new Signal<this, void>(this);

  protected override render(): JSX.Element {
    return (
      <ExecProvider value={this._context}>
        <Body document={this} />
      </ExecProvider>
    );
  }

  private _tab: string;
}

function Body({ document }: { document: RunDocument }): JSX.Element {
  const run = useRun(document.runId);
  const [error, setError] = React.useState<Error | null>(null);
  useSignal(document.tabChanged);
  const { model, trans } = useExec();
  React.useEffect(() => {
    model.store.fetch(document.runId).catch(setError);
  }, [model, document]);
  if (run === undefined) {
    return error ? <Failure error={error} /> : <></>;
  }
  const tabs = RUN_TABS.filter(tab => tab.isFor?.(run, model.store) ?? true);
  const shown = tabs.find(tab => tab.id === document.tab) ?? tabs[0];
  return (
    <>
      <div role="tablist" className="jp-exec-tabs">
        {tabs.map(tab => (
          <button
            key={tab.id}
            role="tab"
            aria-selected={tab === shown}
            onClick={() => {
              document.tab = tab.id;
            }}
          >
            {tab.label(trans)}
          </button>
        ))}
      </div>
      <React.Suspense fallback={null}>
        <shown.component run={run} />
      </React.Suspense>
    </>
  );
}
