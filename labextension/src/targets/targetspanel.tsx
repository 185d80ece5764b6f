import '../../style/targets.css';

import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { formatBytes, formatNumber } from '../components/format';
import { useSignal } from '../components/hooks';
import { Empty, Failure } from '../components/notice';
import { TargetsModel } from '../model/targets';
import type { Target } from '../types';

/** Runs of one target that are listed; there may be thousands that wait. */
const LISTED = 50;

/** The Targets section of the sidebar: what they have, what runs on them, what waits and why. */
export default function TargetsPanel(): JSX.Element {
  const { model, trans } = useExec();
  const [targets, setTargets] = React.useState<TargetsModel | null>(null);
  const root = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const fresh = new TargetsModel(model.runs, model.store);
    setTargets(fresh);
    // A section that is closed, or a page in the background, asks for nothing.
    let isSeen = false;
    const update = () => {
      fresh.isVisible = isSeen && document.visibilityState === 'visible';
    };
    const observer = new IntersectionObserver(entries => {
      isSeen = entries[entries.length - 1].isIntersecting;
      update();
    });
    observer.observe(root.current as Element);
    document.addEventListener('visibilitychange', update);
    return () => {
      observer.disconnect();
      document.removeEventListener('visibilitychange', update);
      fresh.dispose();
    };
  }, [model]);
  return (
    <div
      className="jp-exec-targets"
      ref={root}
      aria-label={trans.__('Targets')}
    >
      {targets && <Targets model={targets} />}
    </div>
  );
}

function Targets({ model }: { model: TargetsModel }): JSX.Element {
  const { trans } = useExec();
  useSignal(model.changed);
  const { targets, error } = model;
  return (
    <>
      {error !== null && (
        <Failure error={error} onRetry={() => model.refresh()} />
      )}
      {targets?.length === 0 && (
        <Empty title={trans.__('This server has no targets.')} />
      )}
      {targets?.map((target, index) => (
        <section
          key={target.name}
          className="jp-exec-target"
          aria-label={target.name}
        >
          <div className="jp-exec-target-head">
            <h4 title={target.name}>{target.name}</h4>
            {index === 0 && (
              <button
                className="jp-exec-iconbutton"
                title={trans.__('Refresh the targets')}
                aria-label={trans.__('Refresh the targets')}
                onClick={() => model.refresh()}
              >
                <refreshIcon.react tag="span" />
              </button>
            )}
          </div>
          {target.sharesCapacityOf ? (
            <p className="jp-exec-target-shared">
              {trans.__(
                'Runs containers; capacity and queue are those of %1.',
                target.sharesCapacityOf
              )}
            </p>
          ) : (
            <TargetBody target={target} />
          )}
        </section>
      ))}
    </>
  );
}

function TargetBody({ target }: { target: Target }): JSX.Element {
  const { trans } = useExec();
  const { capacity, used, running, queue } = target;
  return (
    <>
      <Meter
        label={trans.__('CPUs')}
        used={used.cpus}
        capacity={capacity.cpus}
        format={formatNumber}
      />
      <Meter
        label={trans.__('Memory')}
        used={used.memoryBytes ?? 0}
        capacity={capacity.memoryBytes}
        format={formatBytes}
      />
      {capacity.gpus > 0 && (
        <Meter
          label={trans.__('GPUs')}
          used={used.gpus}
          capacity={capacity.gpus}
          format={formatNumber}
        />
      )}
      <h5>{trans.__('Running: %1', running.length)}</h5>
      {running.length > 0 && (
        <ul>
          {running.slice(0, LISTED).map(run => (
            <li key={run.runId}>
              <RunLink runId={run.runId} name={run.displayName} />
              <Need need={run.need} />
            </li>
          ))}
        </ul>
      )}
      <More count={running.length} />
      <h5>{trans.__('Waiting: %1', queue.length)}</h5>
      {queue.length > 0 && (
        <ol>
          {queue.slice(0, LISTED).map(run => (
            <li key={run.runId}>
              <span
                className="jp-exec-target-place"
                title={trans.__('Place %1 in the queue', run.position)}
              >
                {run.position}
              </span>
              <RunLink runId={run.runId} name={run.displayName} />
              <Need need={run.need} />
              <span className="jp-exec-target-reason">
                {reasonText(trans, run.reason)}
              </span>
            </li>
          ))}
        </ol>
      )}
      <More count={queue.length} />
    </>
  );
}

/** The server's reason, in the user's language where it is one that we know. */
function reasonText(
  trans: { __(text: string): string },
  reason: string
): string {
  const words: Record<string, string> = {
    'waits for cpus': trans.__('waits for free CPUs'),
    'waits for memory': trans.__('waits for free memory'),
    'waits for gpus': trans.__('waits for a free GPU'),
    'waits for the runs before it': trans.__('waits for the runs before it')
  };
  return words[reason] ?? reason;
}

function Meter(props: {
  label: string;
  used: number;
  capacity: number | null;
  format: (value: number) => string;
}): JSX.Element {
  const { trans } = useExec();
  const { label, used, capacity, format } = props;
  const text =
    capacity === null
      ? trans.__('%1 used', format(used))
      : trans.__('%1 of %2', format(used), format(capacity));
  const share = capacity ? Math.min(1, used / capacity) : 0;
  return (
    <div className="jp-exec-target-meter">
      <span className="jp-exec-target-meter-label">{label}</span>
      <span
        className="jp-exec-target-meter-bar"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={capacity ?? undefined}
        aria-valuenow={used}
        aria-valuetext={text}
        data-full={share > 0.999}
      >
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span className="jp-exec-target-meter-text">{text}</span>
    </div>
  );
}

function RunLink(props: { runId: string; name: string }): JSX.Element {
  const { commands } = useExec();
  const { runId, name } = props;
  return (
    <button
      className="jp-exec-plainlink jp-exec-target-run"
      title={`${name}\n${runId}`}
      onClick={() => void commands.execute(CommandIDs.openRun, { runId })}
    >
      {name || runId}
    </button>
  );
}

/** What a run asks for, as short as it can be said. */
function Need({ need }: { need: Target['used'] }): JSX.Element {
  const { trans } = useExec();
  const words = [
    need.cpus > 0 && trans._n('%1 CPU', '%1 CPUs', need.cpus),
    need.memoryBytes !== null &&
      need.memoryBytes > 0 &&
      formatBytes(need.memoryBytes),
    need.gpus > 0 && trans._n('%1 GPU', '%1 GPUs', need.gpus)
  ];
  return (
    <span className="jp-exec-target-need">
      {words.filter(Boolean).join(', ')}
    </span>
  );
}

function More({ count }: { count: number }): JSX.Element | null {
  const { trans } = useExec();
  return count > LISTED ? (
    <p className="jp-exec-target-more">
      {trans.__('and %1 more', count - LISTED)}
    </p>
  ) : null;
}
