import * as React from 'react';

import { CommandIDs } from '../../commands';
import { useExec } from '../../components/context';
import { useSignal } from '../../components/hooks';
import { lazily } from '../../components/lazily';
import { Empty } from '../../components/notice';
import type { RunTree } from '../../model/runtree';
import type { Selection } from '../../model/selection';
import { BulkBar } from './bulkbar';
import { ConnectionNotice } from './connectionnotice';
import { FilterBar } from './filterbar';

const TreeView = lazily(() => import('./treeview'));

/** The section "Runs" of the sidebar. */
export function RunsPanel(props: {
  tree: RunTree;
  selection: Selection;
}): JSX.Element {
  const { tree, selection } = props;
  useSignal(tree.changed);
  useSignal(selection.changed);
  const { model } = useExec();
  useSignal(model.stream.stateChanged);
  const { state } = model.stream;
  // The notice tells it, and that once is enough.
  const isRefused = state === 'unauthorized' || state === 'noRoute';
  const isUnread = tree.total === null && isRefused;
  return (
    <div className="jp-exec-runs">
      <ConnectionNotice />
      <FilterBar tree={tree} />
      {selection.size > 0 ? (
        <BulkBar selection={selection} />
      ) : (
        <Count tree={tree} />
      )}
      {tree.total === 0 && <Nothing tree={tree} />}
      {tree.total !== 0 && !isUnread && <TreeView {...props} />}
    </div>
  );
}

function Count({ tree }: { tree: RunTree }): JSX.Element | null {
  const { trans } = useExec();
  const { total } = tree;
  if (total === null || (total === 0 && !tree.isFiltered)) {
    return null;
  }
  const count = total.toLocaleString();
  return (
    <div className="jp-exec-count" role="status">
      <span>
        {tree.isGrouped
          ? trans._n('%2 experiment', '%2 experiments', total, count)
          : tree.isFiltered
            ? trans._n('%2 run found', '%2 runs found', total, count)
            : trans._n('%2 run', '%2 runs', total, count)}
      </span>
      {tree.isFiltered && (
        <button
          className="jp-exec-textbutton"
          onClick={() => tree.setFilter({})}
        >
          {trans.__('Clear filters')}
        </button>
      )}
    </div>
  );
}

function Nothing({ tree }: { tree: RunTree }): JSX.Element {
  const { commands, trans } = useExec();
  if (tree.isFiltered) {
    return <Empty title={trans.__('No run matches')} />;
  }
  return (
    <Empty title={trans.__('No runs yet')}>
      <p>{trans.__('Execute this once in a notebook:')}</p>
      <p>
        <code>%load_ext jupyter_exec</code>
      </p>
      <p>{trans.__('Then write this above the code of a cell:')}</p>
      <p>
        <code>%%submit</code>
      </p>
      <p>
        {trans.__(
          'Or choose “Run in Background” on a notebook, a script or a folder.'
        )}
      </p>
      {commands.hasCommand(CommandIDs.newRun) && (
        <button
          className="jp-exec-button"
          onClick={() => void commands.execute(CommandIDs.newRun)}
        >
          {trans.__('New run…')}
        </button>
      )}
    </Empty>
  );
}
