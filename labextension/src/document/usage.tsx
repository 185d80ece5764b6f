import * as React from 'react';

import { useExec } from '../components/context';
import {
  formatBytes,
  formatCpus,
  formatDuration,
  formatTime
} from '../components/format';
import { isTerminal } from '../model/lifecycle';
import { type IUsagePoint, UsageModel } from '../model/usage';
import { LogReader } from '../server/logs';
import type { Run } from '../types';
import { useVisible } from './visible';

const WIDTH = 300;
const HEIGHT = 48;

/** What a run uses: memory and processors over time; nothing where nobody has measured it. */
export function Usage({ run }: { run: Run }): JSX.Element | null {
  const { trans } = useExec();
  const usage = useUsage(run);
  if (usage === null || usage.points.length === 0) {
    return null;
  }
  const { points, peakCpus, peakMemoryBytes } = usage;
  const last = points[points.length - 1];
  const isOver = isTerminal(run.status);
  return (
    <section className="jp-exec-section">
      <h3>{trans.__('Resource use')}</h3>
      <div className="jp-exec-usage">
        <Area
          name={trans.__('Memory')}
          now={isOver ? null : formatBytes(last.memoryBytes)}
          peak={formatBytes(peakMemoryBytes)}
          points={points}
          valueOf={point => point.memoryBytes}
          max={peakMemoryBytes}
          format={formatBytes}
        />
        <Area
          name={trans.__('Processors')}
          now={isOver ? null : formatCpus(last.cpus)}
          peak={formatCpus(peakCpus)}
          points={points}
          valueOf={point => point.cpus}
          max={peakCpus}
          format={formatCpus}
        />
      </div>
    </section>
  );
}

/** Followed while somebody sees it. */
function useUsage(run: Run): UsageModel | null {
  const { model } = useExec();
  const { runId } = run;
  // A further attempt begins anew.
  const start =
    run.startedAt !== null && run.attempt === 1
      ? Date.parse(run.startedAt)
      : null;
  const isVisible = useVisible();
  const [usage, setUsage] = React.useState<UsageModel | null>(null);
  const [, setCount] = React.useState(0);
  React.useEffect(() => {
    if (!isVisible) {
      return undefined;
    }
    const path = ['runs', runId, 'usage'];
    const hasEnded = () => {
      const known = model.store.get(runId);
      return known === undefined || isTerminal(known.status);
    };
    const reader = new LogReader(model.requester, path);
    const made = new UsageModel(reader, hasEnded, start);
    made.changed.connect(() => {
      setUsage(made);
      setCount(count => count + 1);
    });
    void made.follow();
    return () => made.dispose();
  }, [model, runId, start, isVisible]);
  return usage;
}

function Area(props: {
  name: string;
  now: string | null;
  peak: string;
  points: readonly IUsagePoint[];
  valueOf: (point: IUsagePoint) => number;
  max: number;
  format: (value: number) => string;
}): JSX.Element {
  const { trans } = useExec();
  const { name, now, peak, points, valueOf, max, format } = props;
  const first = points[0].time;
  const last = points[points.length - 1].time;
  const range = Math.max(1, last - first);
  const [at, setAt] = React.useState<number | null>(null);
  const shown = at === null ? undefined : nearest(points, at);
  const x = shown ? ((shown.time - first) / range) * WIDTH : 0;
  // One point alone is shown as a level.
  const drawn = points.length === 1 ? [points[0], points[0]] : points;
  const places = drawn.map((point, index) => {
    const share = points.length === 1 ? index : (point.time - first) / range;
    const x = share * WIDTH;
    const y = HEIGHT - (valueOf(point) / (max || 1)) * (HEIGHT - 2);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <figure className="jp-exec-area">
      <figcaption>
        <strong>{name}</strong>{' '}
        {now !== null && <span>{trans.__('now %1', now)}</span>}{' '}
        <span>{trans.__('peak %1', peak)}</span>
      </figcaption>
      <div className="jp-exec-area-plot" aria-hidden="true">
        <div className="jp-exec-area-scale">
          <span>{format(max)}</span>
          <span>0</span>
        </div>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          onPointerMove={event => setAt(timeUnder(event, first, range))}
          onPointerLeave={() => setAt(null)}
        >
          <polygon
            points={`0,${HEIGHT} ${places.join(' ')} ${WIDTH},${HEIGHT}`}
          />
          <polyline points={places.join(' ')} />
          {at !== null && <line x1={x} x2={x} y1={0} y2={HEIGHT} />}
        </svg>
        <div className="jp-exec-area-times">
          <span title={formatTime(first)}>{clock(first)}</span>
          {shown && (
            <span className="jp-exec-area-shown">
              {`${clock(shown.time)}: ${format(valueOf(shown))}`}
            </span>
          )}
          {last > first && (
            <span title={formatTime(last)}>
              {`+${formatDuration(last - first)}`}
            </span>
          )}
        </div>
      </div>
    </figure>
  );
}

function timeUnder(
  event: React.PointerEvent,
  first: number,
  range: number
): number {
  const { left, width } = event.currentTarget.getBoundingClientRect();
  return first + ((event.clientX - left) / width) * range;
}

function nearest(points: readonly IUsagePoint[], time: number): IUsagePoint {
  return points.reduce((best, point) =>
    Math.abs(point.time - time) < Math.abs(best.time - time) ? point : best
  );
}

function clock(time: number): string {
  return new Date(time).toLocaleTimeString();
}
