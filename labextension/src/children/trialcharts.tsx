import * as React from 'react';

import { textOf } from '../charts/axis';
import { formatValue } from '../charts/number';
import { Brush, Brushes, goodness, IParallelAxis } from '../charts/parallel';
import { ParallelChart } from '../charts/parallelchart';
import { Scatter } from '../charts/scatter';
import { useExec } from '../components/context';
import { statusText } from '../components/status';
import type { SweepTrial } from '../types';
import { bestSoFar } from './trialsmodel';

/** Pictures of a sweep: the metric by trial, by a parameter, and by all of them. */
export function TrialCharts(props: {
  trials: readonly SweepTrial[];
  parameters: readonly string[];
  metric: string | null;
  goal: string;
  best: string | null;
  axes: readonly IParallelAxis[];
  brushes: Brushes;
  shown: ReadonlySet<string> | null;
  hovered: string | null;
  onBrush: (name: string, brush: Brush | null) => void;
  onHover: (id: string | null) => void;
  onOpen: (id: string) => void;
}): JSX.Element {
  const { trans } = useExec();
  const { trials, parameters, metric, goal, axes } = props;
  const [chosen, setChosen] = React.useState<string | null>(null);
  const parameter =
    parameters.find(name => name === chosen) ?? parameters[0] ?? null;
  const points = React.useMemo(() => {
    const good = goodness(
      trials.map(trial => trial.metric),
      goal
    );
    return trials.map((trial, index) => ({
      id: trial.runId,
      x: trial.number,
      y: trial.metric,
      goodness: good[index],
      isHollow: trial.status !== 'Completed',
      isBest: trial.runId === props.best,
      text: [
        trans.__('Trial %1', trial.number),
        trial.stoppedEarly
          ? trans.__('Stopped early')
          : statusText(trans, trial.status),
        ...Object.entries(trial.parameters).map(
          ([name, value]) => `${name}: ${textOf(value)}`
        ),
        ...(metric && trial.metric !== null
          ? [`${metric}: ${formatValue(trial.metric)}`]
          : [])
      ].join('\n'),
      values: Object.fromEntries([
        ...Object.entries(trial.parameters).map(([name, value]) => [
          `params.${name}`,
          value
        ]),
        ['metric', trial.metric]
      ]) as Record<string, unknown>
    }));
  }, [trials, goal, metric, props.best, trans]);
  const steps = React.useMemo(() => bestSoFar(trials, goal), [trials, goal]);
  const common = {
    hovered: props.hovered,
    shown: props.shown,
    onHover: props.onHover,
    onOpen: props.onOpen
  };
  const overTrials = trans.__('%1 by trial', metric ?? '');
  const byParameter = trans.__('%1 by %2', metric ?? '', parameter ?? '');
  const all = trans.__('All parameters');
  const byX = React.useMemo(
    () =>
      points.map(point => ({
        ...point,
        x: point.values[`params.${parameter}`]
      })),
    [points, parameter]
  );
  const log = axes.find(axis => axis.name === `params.${parameter}`);
  return (
    <div className="jp-exec-trials-charts">
      {metric !== null && (
        <section className="jp-exec-chart" aria-label={overTrials}>
          <header>
            <h3 title={overTrials}>{overTrials}</h3>
            <small className="jp-exec-chart-hint">
              {trans.__('line: best so far')}
            </small>
          </header>
          <Scatter
            {...common}
            title={overTrials}
            xLabel={trans.__('Trial')}
            yLabel={metric}
            points={points}
            steps={steps}
          />
        </section>
      )}
      {metric !== null && parameter !== null && (
        <section className="jp-exec-chart" aria-label={byParameter}>
          <header>
            <h3 title={byParameter}>{byParameter}</h3>
            {parameters.length > 1 && (
              <select
                className="jp-exec-select"
                aria-label={trans.__('Parameter')}
                value={parameter}
                onChange={event => setChosen(event.target.value)}
              >
                {parameters.map(name => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            )}
          </header>
          <Scatter
            {...common}
            title={byParameter}
            xLabel={parameter}
            yLabel={metric}
            points={byX}
            logX={log?.axis.kind === 'log'}
          />
        </section>
      )}
      {axes.length > 1 && (
        <section
          className="jp-exec-chart jp-exec-trials-parallel"
          aria-label={all}
        >
          <header>
            <h3>{all}</h3>
            <small className="jp-exec-chart-hint">
              {trans.__('Drag along an axis to filter.')}
            </small>
          </header>
          <ParallelChart
            {...common}
            title={all}
            axes={axes}
            lines={points}
            brushes={props.brushes}
            onBrush={props.onBrush}
          />
        </section>
      )}
    </div>
  );
}
