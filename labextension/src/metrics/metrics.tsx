import * as React from 'react';

import { ChartControls } from '../charts/controls';
import { IChartLine, LineChart } from '../charts/linechart';
import { placeText } from '../charts/legend';
import { formatValue } from '../charts/number';
import { isText, seriesOf, summaryOf } from '../charts/series';
import { IChartSettings, useChartSettings } from '../charts/settings';
import { useExec } from '../components/context';
import { Empty, Failure } from '../components/notice';
import type { IRunTabProps } from '../document/tabs';
import { TrialsInstead } from '../document/trialsinstead';
import { isTerminal } from '../model/lifecycle';
import type { Point } from '../types';
import { TextMetric } from './textmetric';
import { useMetrics } from './usemetrics';

/** From so many metrics on there is a box to search them. */
const MANY = 7;

/** The tab "Metrics" of a run's document: a chart for each metric, live while the run goes on. */
export default function Metrics({ run }: IRunTabProps): JSX.Element {
  const { trans } = useExec();
  const model = useMetrics(run.runId);
  const [settings, change] = useChartSettings();
  const [query, setQuery] = React.useState('');
  const { metrics, error } = model;
  if (metrics === null) {
    return error ? (
      <Failure error={error} onRetry={() => void model.load()} />
    ) : (
      <div className="jp-exec-metrics" aria-busy />
    );
  }
  if (metrics.size === 0) {
    return run.definition?.sweep ? (
      <TrialsInstead
        run={run}
        title={trans.__('A sweep has no metrics of its own')}
      />
    ) : (
      <NoMetrics isOver={isTerminal(run.status)} />
    );
  }
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const names = [...metrics.keys()].filter(name =>
    words.every(word => name.toLowerCase().includes(word))
  );
  return (
    <div className="jp-exec-metrics">
      <div className="jp-exec-metrics-bar">
        {metrics.size >= MANY && (
          <input
            type="search"
            className="jp-exec-input"
            placeholder={trans.__('Search %1 metrics', metrics.size)}
            aria-label={trans.__('Search metrics')}
            value={query}
            onChange={event => setQuery(event.target.value)}
          />
        )}
        <ChartControls settings={settings} onChange={change} />
      </div>
      {error && <Failure error={error} onRetry={() => void model.load()} />}
      {names.length === 0 && (
        <Empty title={trans.__('No metric has “%1” in its name', query)} />
      )}
      <div className="jp-exec-metrics-cards">
        {names.map(name => (
          <Card
            runId={run.runId}
            key={name}
            name={name}
            points={metrics.get(name)!}
            total={model.total(name)}
            settings={settings}
          />
        ))}
      </div>
    </div>
  );
}

function NoMetrics({ isOver }: { isOver: boolean }): JSX.Element {
  const { trans } = useExec();
  const code = [
    'from jupyter_exec import current_run',
    '',
    'current_run.log_metric("loss", 0.1, step=3)'
  ].join('\n');
  return (
    <Empty
      title={
        isOver
          ? trans.__('This run logged no metrics')
          : trans.__('This run has logged no metrics yet')
      }
    >
      <p>{trans.__('In the run’s code:')}</p>
      <pre className="jp-exec-metrics-example">{code}</pre>
    </Empty>
  );
}

/** A metric: its chart with the numbers that matter, or a table of texts. */
const Card = React.memo(function Card(props: {
  runId: string;
  name: string;
  points: readonly Point[];
  total: number;
  settings: IChartSettings;
}): JSX.Element {
  const { model, trans } = useExec();
  const { runId, name, points, total, settings } = props;
  const { xKind } = settings;
  const lines = React.useMemo<IChartLine[]>(
    () => [{ id: name, name, series: seriesOf(points, xKind), look: 0 }],
    [name, points, xKind]
  );
  if (isText(points)) {
    return <TextMetric name={name} points={points} total={total} />;
  }
  const summary = summaryOf(lines[0].series);
  const at = (place: { x: number; y: number } | null) =>
    place &&
    (xKind === 'time'
      ? trans.__('after %1', placeText(place.x, xKind))
      : trans.__('at step %1', placeText(place.x, xKind)));
  const readAll = async () => {
    const all = await model.runs.metrics(runId, undefined, name);
    return [{ ...lines[0], series: seriesOf(all.metrics[name] ?? [], xKind) }];
  };
  return (
    <LineChart
      title={name}
      lines={lines}
      settings={settings}
      readAll={total > points.length ? readAll : undefined}
    >
      <dl className="jp-exec-chart-numbers">
        <Number_ label={trans.__('Last')} value={summary.last} />
        <Number_
          label={trans.__('Min')}
          value={summary.min?.y ?? null}
          title={at(summary.min)}
        />
        <Number_
          label={trans.__('Max')}
          value={summary.max?.y ?? null}
          title={at(summary.max)}
        />
        {total === points.length && (
          <Number_ label={trans.__('Points')} value={summary.count} />
        )}
        {summary.notFinite > 0 && (
          <Number_
            label={trans.__('Not finite')}
            value={summary.notFinite}
            title={trans.__('NaN (a cross) or infinite (an arrow)')}
          />
        )}
      </dl>
      {total > points.length && (
        <p
          className="jp-exec-chart-note"
          title={trans.__(
            'Of neighbouring points the least, the greatest and those that are not finite are drawn.'
          )}
        >
          {trans.__(
            '%1 of %2 points shown',
            points.length.toLocaleString(),
            total.toLocaleString()
          )}
        </p>
      )}
    </LineChart>
  );
});

function Number_(props: {
  label: string;
  value: number | null;
  title?: string | null;
}): JSX.Element {
  return (
    <div title={props.title ?? undefined}>
      <dt>{props.label}</dt>
      <dd>{props.value === null ? '–' : formatValue(props.value)}</dd>
    </div>
  );
}
