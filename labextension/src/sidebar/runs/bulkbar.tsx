import {
  closeIcon,
  deleteIcon,
  type LabIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../../commands';
import { useExec } from '../../components/context';
import { useSignal } from '../../components/hooks';
import { compareIcon, pinIcon, tagIcon } from '../../icons';
import { isTerminal } from '../../model/lifecycle';
import type { Selection } from '../../model/selection';
import { IconButton } from './filterbar';

/** What can be done to all the runs that are selected. */
export function BulkBar({ selection }: { selection: Selection }): JSX.Element {
  const { commands, model, trans } = useExec();
  useSignal(selection.changed);
  useSignal(model.store.changed);
  const runIds = [...selection.ids];
  const isActive = runIds.some(id => {
    const status = model.store.get(id)?.status;
    return status !== undefined && !isTerminal(status);
  });
  const isPinned = runIds.every(id => model.store.get(id)?.pinned);
  const button = (
    command: string,
    icon: LabIcon,
    label: string,
    isPossible = true
  ) =>
    commands.hasCommand(command) && (
      <button
        className="jp-exec-button"
        title={label}
        aria-label={label}
        disabled={!isPossible}
        onClick={() => void commands.execute(command, { runIds })}
      >
        <icon.react tag="span" className="jp-exec-bulk-icon" />
        <span className="jp-exec-bulk-word">{label}</span>
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
      <span className="jp-exec-bulk-buttons">
        {button(CommandIDs.cancelRuns, stopIcon, trans.__('Cancel'), isActive)}
        {button(CommandIDs.deleteRuns, deleteIcon, trans.__('Delete…'))}
        {button(CommandIDs.tagRuns, tagIcon, trans.__('Tag…'))}
        {button(
          CommandIDs.pinRuns,
          pinIcon,
          isPinned ? trans.__('Unpin') : trans.__('Pin')
        )}
        {button(
          CommandIDs.compare,
          compareIcon,
          trans.__('Compare'),
          runIds.length > 1
        )}
      </span>
      <IconButton
        icon={closeIcon}
        label={trans.__('Select none')}
        onClick={() => selection.clear()}
      />
    </div>
  );
}
