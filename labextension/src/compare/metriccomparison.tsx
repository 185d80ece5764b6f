import * as React from 'react';

import { ChartControls } from '../charts/controls';
import { IChartLine, LineChart } from '../charts/linechart';
import { useSame } from '../charts/same';
import { isText, ISeries, seriesOf, XKind } from '../charts/series';
import { IChartSettings, useChartSettings } from '../charts/settings';
import { useExec } from '../components/context';
import type { Point } from '../types';
import type { ICompared } from './comparison';

/** So many metrics are shown at first. */
const AT_FIRST = 6;

/** The metrics of runs over each other, a chart for each metric. */
export function MetricComparison(props: {
  runs: readonly ICompared[];
}): JSX.Element | null {
  const { trans } = useExec();
  const { runs } = props;
  const [settings, change] = useChartSettings();
  const [chosen, setChosen] = React.useState<ReadonlyMap<string, boolean>>(
    new Map()
  );
  // Those that most runs have come first.
  const counts = new Map<string, number>();
  for (const { metrics } of runs) {
    metrics.metrics?.forEach((points, name) => {
      if (!isText(points)) {
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    });
  }
  const names = [...counts.keys()].sort(
    (a, b) => counts.get(b)! - counts.get(a)!
  );
  if (names.length === 0) {
    return null;
  }
  const isShown = (name: string, index: number) =>
    chosen.get(name) ?? index < AT_FIRST;
  return (
    <section
      className="jp-exec-compare-section"
      aria-label={trans.__('Metrics')}
    >
      <header>
        <h2>{trans.__('Metrics')}</h2>
        <ChartControls settings={settings} onChange={change} />
      </header>
      {names.length > 1 && (
        <div
          className="jp-exec-compare-choice"
          role="group"
          aria-label={trans.__('Metrics that are shown')}
        >
          {names.map((name, index) => (
            <label key={name} title={name}>
              <input
                type="checkbox"
                checked={isShown(name, index)}
                onChange={event =>
                  setChosen(new Map(chosen).set(name, event.target.checked))
                }
              />
              <span>{name}</span>
            </label>
          ))}
        </div>
      )}
      <div className="jp-exec-compare-charts">
        {names.filter(isShown).map(name => (
          <Chart key={name} name={name} runs={runs} settings={settings} />
        ))}
      </div>
    </section>
  );
}

function Chart(props: {
  name: string;
  runs: readonly ICompared[];
  settings: IChartSettings;
}): JSX.Element {
  const { name, runs, settings } = props;
  const found = runs.flatMap(({ runId, run, look, metrics }) => {
    const points = metrics.metrics?.get(name);
    return points === undefined || isText(points)
      ? []
      : [{ id: runId, name: run?.displayName || runId, look, points }];
  });
  const { xKind } = settings;
  // Lines whose points are the same stay the same, so that they are not prepared again.
  const made = React.useRef(
    new WeakMap<readonly Point[], Map<XKind, ISeries>>()
  );
  const series = useSame(
    found.map(line => seriesIn(made.current, line.points, xKind))
  );
  const names = useSame(found.flatMap(line => [line.id, line.name]));
  const lines = React.useMemo(
    () =>
      found.map(({ id, name, look }, index): IChartLine => ({
        id,
        name,
        look,
        series: series[index]
      })),
    [series, names]
  );
  return (
    <LineChart title={name} lines={lines} settings={settings} height={240} />
  );
}

function seriesIn(
  made: WeakMap<readonly Point[], Map<XKind, ISeries>>,
  points: readonly Point[],
  kind: XKind
): ISeries {
  const known = made.get(points) ?? new Map<XKind, ISeries>();
  made.set(points, known);
  const series = known.get(kind) ?? seriesOf(points, kind);
  known.set(kind, series);
  return series;
}
