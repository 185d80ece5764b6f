import * as React from 'react';

import { useExec } from '../components/context';
import { formatBytes, formatNumber } from '../components/format';
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
  const usage = useUsage(run.runId);
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
        />
        <Area
          name={trans.__('Processors')}
          now={isOver ? null : formatNumber(Number(last.cpus.toFixed(2)))}
          peak={formatNumber(Number(peakCpus.toFixed(2)))}
          points={points}
          valueOf={point => point.cpus}
          max={peakCpus}
        />
      </div>
    </section>
  );
}

/** Followed while somebody sees it. */
function useUsage(runId: string): UsageModel | null {
  const { model } = useExec();
  const isVisible = useVisible();
  const [usage, setUsage] = React.useState<UsageModel | null>(null);
  const [, setCount] = React.useState(0);
  React.useEffect(() => {
    if (!isVisible) {
      return undefined;
    }
    const path = ['runs', runId, 'usage'];
    const made = new UsageModel(new LogReader(model.requester, path), () => {
      const run = model.store.get(runId);
      return run === undefined || isTerminal(run.status);
    });
    made.changed.connect(() => {
      setUsage(made);
      setCount(count => count + 1);
    });
    void made.follow();
    return () => made.dispose();
  }, [model, runId, isVisible]);
  return usage;
}

function Area(props: {
  name: string;
  now: string | null;
  peak: string;
  points: readonly IUsagePoint[];
  valueOf: (point: IUsagePoint) => number;
  max: number;
}): JSX.Element {
  const { trans } = useExec();
  const { name, now, peak, points, valueOf, max } = props;
  const first = points[0].time;
  const range = Math.max(1, points[points.length - 1].time - first);
  const places = points.map(point => {
    const x = ((point.time - first) / range) * WIDTH;
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
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <polygon
          points={`0,${HEIGHT} ${places.join(' ')} ${WIDTH},${HEIGHT}`}
        />
        <polyline points={places.join(' ')} />
      </svg>
    </figure>
  );
}
