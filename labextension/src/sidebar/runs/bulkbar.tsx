import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../../commands';
import { useExec } from '../../components/context';
import { useSignal } from '../../components/hooks';
import type { Selection } from '../../model/selection';
import { IconButton } from './filterbar';

/** What can be done to all the runs that are selected. */
export function BulkBar({ selection }: { selection: Selection }): JSX.Element {
  const { commands, trans } = useExec();
  useSignal(selection.changed);
  const runIds = [...selection.ids];
  const button = (command: string, label: string, isPossible = true) =>
    commands.hasCommand(command) && (
      <button
        className="jp-exec-button"
        disabled={!isPossible}
        onClick={() => void commands.execute(command, { runIds })}
      >
        {label}
      </button>
    );
  return (
    <div
      className="jp-exec-bulk"
      role="toolbar"
      aria-label={trans.__('Selected runs')}
    >
      <span className="jp-exec-bulk-count" role="status">
        {trans._n('%1 selected', '%1 selected', runIds.length)}
      </span>
      <IconButton
        icon={closeIcon}
        label={trans.__('Select none')}
        onClick={() => selection.clear()}
      />
      <span className="jp-exec-bulk-buttons">
        {button(CommandIDs.cancelRuns, trans.__('Cancel'))}
        {button(CommandIDs.deleteRuns, trans.__('Delete'))}
        {button(CommandIDs.tagRuns, trans.__('Tag'))}
        {button(CommandIDs.compare, trans.__('Compare'), runIds.length > 1)}
      </span>
    </div>
  );
}
