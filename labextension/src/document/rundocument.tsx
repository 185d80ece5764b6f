import '../../style/document.css';

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { ExecProvider, IExecContext, useExec } from '../components/context';
import { useRun, useSignal } from '../components/hooks';
import { Empty, Failure } from '../components/notice';
import { statusText } from '../components/status';
import { execIcon, STATUS_ICONS } from '../icons';
import type { IRunChanges } from '../model/runstore';
import { RequestFailure } from '../server/errors';
import type { Run } from '../types';
import { RunHeader } from './header';
import { TabList } from './tablist';
import { firstTab, RUN_TABS } from './tabs';
import { VisibleContext } from './visible';

/** Makes the ids of elements differ from one document to the other. */
let made = 0;

/** A run in the main area: its header, and one of its tabs. */
export class RunDocument extends ReactWidget {
  constructor(
    private readonly _context: IExecContext,
    readonly runId: string,
    tab?: string
  ) {
    super();
    this._tab = tab;
    this.id = `jp-exec-run-${++made}`;
    this.addClass('jp-exec-document');
    this.title.closable = true;
    this._update();
    _context.model.store.changed.connect(this._onChanged, this);
  }

  /** The id of the tab that is shown. */
  get tab(): string {
    return this._tab ?? firstTab(this._context.model.store.get(this.runId));
  }

  set tab(id: string) {
    if (id !== this.tab) {
      this._tab = id;
      this.tabChanged.emit();
    }
  }

  /** Another tab is shown; for whoever restores the document after a reload. */
  readonly tabChanged = new Signal<this, void>(this);

  /** It was shown or hidden. */
  readonly visibleChanged = new Signal<this, void>(this);

  override dispose(): void {
    this._context.model.store.changed.disconnect(this._onChanged, this);
    super.dispose();
    Signal.clearData(this);
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this.visibleChanged.emit();
  }

  protected override onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this.visibleChanged.emit();
  }

  protected override render(): JSX.Element {
    return (
      <ExecProvider value={this._context}>
        <Body document={this} />
      </ExecProvider>
    );
  }

  private _onChanged(_: unknown, { changed }: IRunChanges): void {
    if (changed.has(this.runId)) {
      this._update();
    }
  }

  /** Show in the tab of the main area what the run is, and how it is doing. */
  private _update(): void {
    const { model, trans } = this._context;
    const run = model.store.get(this.runId);
    const { title } = this;
    title.label = run?.displayName ?? this.runId;
    title.icon = run ? STATUS_ICONS[run.status] : execIcon;
    title.iconClass = run ? `jp-exec-tab-icon jp-mod-${run.status}` : '';
    title.caption = run
      ? `${run.displayName}\n${statusText(trans, run.status)}\n${run.runId}`
      : this.runId;
  }

  /** Left out until somebody chooses one. */
  private _tab: string | undefined;
}

function Body({ document }: { document: RunDocument }): JSX.Element {
  const { model } = useExec();
  const known = useRun(document.runId);
  const last = React.useRef<Run>();
  last.current = known ?? last.current;
  const [error, setError] = React.useState<Error | null>(null);
  useSignal(document.tabChanged);
  useSignal(document.visibleChanged);
  const read = React.useCallback(() => {
    setError(null);
    model.store.fetch(document.runId).catch(setError);
  }, [model, document]);
  React.useEffect(() => {
    read();
    const onState = () => {
      // What happened while the server was away may have been more than events tell.
      if (model.stream.state === 'connected') {
        read();
      }
    };
    model.stream.stateChanged.connect(onState);
    return () => {
      model.stream.stateChanged.disconnect(onState);
    };
  }, [model, read]);
  const asked = known?.definition;
  const isWhole = Boolean(asked?.configuration ?? asked?.sweep);
  React.useEffect(() => {
    // A run that only events have told of lacks what was asked.
    if (known !== undefined && !isWhole) {
      read();
    }
  }, [known === undefined, isWhole]);

  const run = last.current;
  if (run === undefined) {
    return error ? (
      <Unreadable error={error} runId={document.runId} onRetry={read} />
    ) : (
      <></>
    );
  }
  const isDeleted = known === undefined;
  const tabs = RUN_TABS.filter(tab => tab.isFor?.(run, model.store) ?? true);
  const shown = tabs.find(tab => tab.id === document.tab) ?? tabs[0];
  const show = (id: string) => {
    document.tab = id;
  };
  return (
    <VisibleContext.Provider value={document.isVisible}>
      <RunHeader
        run={run}
        isDeleted={isDeleted}
        onShowLog={() => show('logs')}
        onShowEnvironment={() => show('environment')}
      />
      <TabList tabs={tabs} shown={shown} prefix={document.id} onShow={show} />
      <div
        id={`${document.id}-panel`}
        className="jp-exec-tabpanel"
        data-tab={shown.id}
        role="tabpanel"
        aria-labelledby={`${document.id}-tab-${shown.id}`}
        tabIndex={0}
      >
        <shown.component key={shown.id} run={run} isDeleted={isDeleted} />
      </div>
    </VisibleContext.Provider>
  );
}

function Unreadable(props: {
  error: Error;
  runId: string;
  onRetry: () => void;
}): JSX.Element {
  const { trans } = useExec();
  const { error, runId, onRetry } = props;
  const isGone = error instanceof RequestFailure && error.kind === 'notFound';
  return isGone ? (
    <Empty title={trans.__('There is no run %1', runId)}>
      {trans.__('It may have been deleted. You can close this tab.')}
    </Empty>
  ) : (
    <Failure error={error} onRetry={onRetry} />
  );
}
