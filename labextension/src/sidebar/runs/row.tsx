import { Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useExec } from '../../components/context';
import { formatTime } from '../../components/format';
import { useRun } from '../../components/hooks';
import { Failure } from '../../components/notice';
import {
  Elapsed,
  ProgressBar,
  StatusIcon,
  statusText
} from '../../components/status';
import { pinIcon } from '../../icons';
import type { ITreeRow } from '../../model/runbranch';
import type { RunTree } from '../../model/runtree';
import type { Experiment } from '../../types';

const MINUTE_MS = 60_000;

/** What every row gets besides what it shows. */
export interface IRowProps {
  readonly domId: string;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly level: number;
  readonly position: number;
  readonly size: number;
  readonly isActive: boolean;
}

function placeOf(
  props: IRowProps
): React.HTMLAttributes<HTMLDivElement> & { 'data-index': number } {
  const { domId, index, top, height, level, position, size, isActive } = props;
  return {
    id: domId,
    'data-index': index,
    role: 'treeitem',
    'aria-level': level,
    'aria-posinset': position + 1,
    'aria-setsize': size,
    className: `jp-exec-row${isActive ? ' jp-mod-active' : ''}`,
    style: {
      transform: `translateY(${top}px)`,
      height,
      paddingLeft: 4 + (level - 1) * 12
    }
  };
}

/** How long ago something was; the text is made anew once a minute, so seconds are not told. */
function agoText(trans: TranslationBundle, time: string): string {
  return Date.now() - Date.parse(time) < MINUTE_MS
    ? trans.__('now')
    : Time.formatHuman(time, 'narrow');
}

function Caret(props: { isExpanded: boolean }): JSX.Element {
  const Icon = props.isExpanded ? caretDownIcon : caretRightIcon;
  return (
    <span className="jp-exec-row-caret" data-part="caret" aria-hidden="true">
      <Icon.react tag={null} />
    </span>
  );
}

/** A run: state, name, time, progress; below, where it belongs or why it failed. */
export const RunRow = React.memo(function RunRow(
  props: IRowProps & {
    runId: string;
    isExpanded: boolean;
    isSelected: boolean;
    /** Whether the experiment is told; in a group of an experiment it is not. */
    hasExperiment: boolean;
    /** Changes once a minute, so that "5 minutes ago" stays true. */
    minute: number;
  }
): JSX.Element {
  const { model, trans } = useExec();
  const run = useRun(props.runId);
  const createdAt = run?.createdAt ?? '';
  // Making texts of times costs more than all the rest of a row.
  const [when, moment] = React.useMemo(
    () => [
      createdAt && agoText(trans, createdAt),
      createdAt && formatTime(createdAt)
    ],
    [createdAt, props.minute]
  );
  if (run === undefined) {
    return <div {...placeOf(props)} aria-label={props.runId} />;
  }
  const isParent = model.store.isParent(run.runId);
  const name = run.displayName || run.runId;
  const place = props.hasExperiment ? run.experiment : run.target;
  const cause = run.status === 'Failed' ? run.error?.message : undefined;
  const detail = cause ?? `${place} · ${when}`;
  const about = [
    name,
    statusText(trans, run.status),
    cause,
    trans.__('Experiment: %1', run.experiment),
    trans.__('Target: %1', run.target),
    trans.__('Submitted: %1', moment),
    run.pinned && trans.__('Pinned'),
    run.runId
  ];
  return (
    <div
      {...placeOf(props)}
      aria-selected={props.isSelected}
      aria-expanded={isParent ? props.isExpanded : undefined}
      aria-label={[
        name,
        statusText(trans, run.status),
        run.pinned && trans.__('pinned'),
        detail
      ]
        .filter(Boolean)
        .join(', ')}
      data-run-id={run.runId}
      data-status={run.status}
      title={about.filter(Boolean).join('\n')}
    >
      {isParent ? (
        <Caret isExpanded={props.isExpanded} />
      ) : (
        <span className="jp-exec-row-caret" />
      )}
      <span className="jp-exec-row-state">
        <StatusIcon status={run.status} />
        <span
          className="jp-exec-row-check"
          data-part="check"
          aria-hidden="true"
        />
      </span>
      <span className="jp-exec-row-body">
        <span className="jp-exec-row-line">
          <span className="jp-exec-row-name">{name}</span>
          {run.pinned && <pinIcon.react tag="span" className="jp-exec-pin" />}
          <Elapsed run={run} />
        </span>
        <span
          className="jp-exec-row-detail"
          data-cause={cause !== undefined || undefined}
        >
          {detail}
        </span>
        <ProgressBar run={run} />
      </span>
    </div>
  );
});

/** An experiment with the numbers of its runs. */
export const GroupRow = React.memo(function GroupRow(
  props: IRowProps & { experiment: Experiment; isExpanded: boolean }
): JSX.Element {
  const { trans } = useExec();
  const { name, runs, active, failed } = props.experiment;
  const about = [
    trans._n('%1 run', '%1 runs', runs),
    active > 0 && trans.__('%1 active', active),
    failed > 0 && trans.__('%1 failed', failed)
  ].filter(Boolean);
  const title = `${name}\n${about.join(', ')}`;
  return (
    <div
      {...placeOf(props)}
      aria-expanded={props.isExpanded}
      aria-label={`${name}, ${about.join(', ')}`}
      data-group={name}
      title={title}
    >
      <Caret isExpanded={props.isExpanded} />
      <span className="jp-exec-row-group">{name}</span>
      <span className="jp-exec-row-count">
        {trans._n('%2 run', '%2 runs', runs, runs.toLocaleString())}
      </span>
      {active > 0 && (
        <span className="jp-exec-row-count" data-kind="active">
          {trans.__('%1 active', active)}
        </span>
      )}
      {failed > 0 && (
        <span className="jp-exec-row-count" data-kind="failed">
          {trans.__('%1 failed', failed)}
        </span>
      )}
    </div>
  );
});

/** A row that reads more as soon as it is seen, or tells why it could not. */
export function MoreRow(
  props: IRowProps & { tree: RunTree; row: ITreeRow }
): JSX.Element {
  const { trans } = useExec();
  const { row, tree } = props;
  const { kind, position } = row;
  React.useEffect(() => {
    if (kind === 'loading') {
      void tree.load(row);
    }
    // Each page that is read moves the row on.
  }, [kind, position, row.key, tree]);
  if (kind === 'failure' && row.error) {
    return (
      <div {...placeOf(props)} aria-label={row.error.message}>
        <Failure error={row.error} onRetry={() => void tree.load(row)} />
      </div>
    );
  }
  const text = kind === 'none' ? trans.__('No runs') : trans.__('Loading…');
  return (
    <div {...placeOf(props)} aria-label={text} aria-busy={kind === 'loading'}>
      <span className="jp-exec-row-note">{text}</span>
    </div>
  );
}
