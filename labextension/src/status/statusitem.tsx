import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { ExecProvider, IExecContext, useExec } from '../components/context';
import { useSignal } from '../components/hooks';
import { execIcon, STATUS_ICONS } from '../icons';
import type { Activity } from '../model/activity';

/** The number of active and of failed runs, in the status bar; a click shows the list. */
export class RunStatusItem extends ReactWidget {
  constructor(
    private readonly _context: IExecContext,
    private readonly _activity: Activity
  ) {
    super();
    this.addClass('jp-exec-statusitem');
  }

  protected override render(): JSX.Element {
    return (
      <ExecProvider value={this._context}>
        <Item activity={this._activity} />
      </ExecProvider>
    );
  }
}

function Item({ activity }: { activity: Activity }): JSX.Element {
  const { commands, model, trans } = useExec();
  useSignal(activity.changed);
  useSignal(model.stream.stateChanged);
  const { active, waiting, failed } = activity;
  const isAway =
    model.stream.state !== 'connected' && model.stream.state !== 'connecting';
  const parts = [
    isAway && trans.__('Runs cannot be followed: not connected to the server.'),
    active === 0 && failed === 0 && trans.__('No run is active.'),
    active > waiting &&
      trans._n('%1 run is running.', '%1 runs are running.', active - waiting),
    waiting > 0 &&
      trans._n('%1 run is waiting.', '%1 runs are waiting.', waiting),
    failed > 0 &&
      trans._n(
        '%1 run has failed since you looked at the list.',
        '%1 runs have failed since you looked at the list.',
        failed
      ),
    trans.__('Click to show the runs.')
  ];
  const title = parts.filter(Boolean).join('\n');
  const Running = STATUS_ICONS.Running.react;
  const Failed = STATUS_ICONS.Failed.react;
  return (
    <button
      className="jp-exec-statusitem-button"
      title={title}
      aria-label={title}
      data-away={isAway}
      onClick={() => void commands.execute(CommandIDs.showSidebar)}
    >
      {active === 0 && failed === 0 && (
        <execIcon.react tag="span" className="jp-exec-statusitem-icon" />
      )}
      {active > 0 && (
        <>
          <Running tag="span" className="jp-exec-statusitem-icon" />
          <span>{trans.__('%1 active', active)}</span>
        </>
      )}
      {failed > 0 && (
        <>
          <Failed tag="span" className="jp-exec-statusitem-icon" />
          <span>{trans.__('%1 failed', failed)}</span>
        </>
      )}
    </button>
  );
}
