import * as React from 'react';

import { useAway } from '../components/connection';
import { useExec } from '../components/context';
import { formatDuration, formatTime } from '../components/format';
import { useAsync, useNow } from '../components/hooks';
import { Failure } from '../components/notice';
import { StatusIcon, statusText } from '../components/status';
import { isTerminal } from '../model/lifecycle';
import { type IPhase, lengthOf, timelineOf } from '../model/timeline';
import type { Run, RunEvent } from '../types';

/** The states that a run went through: a bar that shows where the time went, and a list. */
export function Timeline({ run }: { run: Run }): JSX.Element {
  const { model, trans } = useExec();
  const { runId } = run;
  const past = useAsync(() => model.runs.events(runId), [model, runId]);
  const [fresh, setFresh] = React.useState<readonly RunEvent[]>([]);
  React.useEffect(() => {
    const onEvents = (_: unknown, events: readonly RunEvent[]) => {
      const ours = events.filter(
        event => event.runId === runId && event.type === 'state'
      );
      if (ours.length > 0) {
        setFresh(old => [...old, ...ours]);
      }
    };
    model.store.events.connect(onEvents);
    return () => {
      model.store.events.disconnect(onEvents);
    };
  }, [model, runId]);
  const isAway = useAway() !== null;
  const now = useNow(!isTerminal(run.status) && !isAway);
  const phases = React.useMemo(() => {
    const known = new Map<number, RunEvent>();
    [...(past.data ?? []), ...fresh].forEach(event =>
      known.set(event.id, event)
    );
    const events = [...known.values()].sort((a, b) => a.id - b.id);
    return timelineOf(events);
  }, [past.data, fresh]);
  return (
    <section className="jp-exec-section">
      <h3>{trans.__('Timeline')}</h3>
      {past.error && <Failure error={past.error} onRetry={past.reload} />}
      <TimeBar phases={phases} now={now} />
      <ol className="jp-exec-timeline">
        {phases.map((phase, index) => {
          const length = lengthOf(phase, now);
          const start = new Date(phase.start);
          return (
            <li key={index}>
              <StatusIcon status={phase.status} />
              <span>
                {statusText(trans, phase.status)}
                {phase.attempt > 1 &&
                  ` (${trans.__('attempt %1', phase.attempt)})`}
              </span>
              <span className="jp-exec-timeline-length">
                {length === null ? '' : formatDuration(length)}
              </span>
              <time dateTime={start.toISOString()} title={start.toString()}>
                {formatTime(phase.start)}
              </time>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** The list below it says the same in words. */
function TimeBar(props: {
  phases: readonly IPhase[];
  now: number;
}): JSX.Element | null {
  const lengths = props.phases.map(phase => lengthOf(phase, props.now) ?? 0);
  return lengths.some(length => length > 0) ? (
    <div className="jp-exec-timebar" aria-hidden="true">
      {props.phases.map((phase, index) => (
        <span
          key={index}
          data-status={phase.status}
          style={{ flexGrow: lengths[index] }}
        />
      ))}
    </div>
  ) : null;
}
