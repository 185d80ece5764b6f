import '../../style/charts.css';

import { Notification } from '@jupyterlab/apputils';
import * as React from 'react';

import { useExec } from '../components/context';
import { failureText } from '../components/failure';
import { Legend } from './legend';
import { IPlotEvents, LinePlot } from './lineplot';
import { positive } from './decimate';
import { lookOf } from './palette';
import { downloadLines, PointTable } from './pointtable';
import { ISeries, nearest, smooth } from './series';
import type { IChartSettings } from './settings';
import { useVisible } from './visible';

/** A line of a chart. */
export interface IChartLine {
  readonly id: string;
  readonly name: string;
  readonly series: ISeries;
  /** Which look it has (`lookOf`); its place in the chart where it is left out. */
  readonly look?: number;
}

/** A chart of lines with its title, its numbers and its buttons. */
export function LineChart(props: {
  title: string;
  lines: readonly IChartLine[];
  settings: IChartSettings;
  height?: number;
  /** Read the lines with every point, where `lines` leave some out. */
  readAll?: () => Promise<readonly IChartLine[]>;
  /** What stands below the title, for example the least and the last value. */
  children?: React.ReactNode;
}): JSX.Element {
  const { trans } = useExec();
  const { title, lines, settings, height = 200 } = props;
  const card = React.useRef<HTMLElement>(null);
  const isVisible = useVisible(card);
  const [isTable, setTable] = React.useState(false);
  const [isZoomed, setZoomed] = React.useState(false);
  const [hidden, setHidden] = React.useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = React.useState<number | null>(null);
  const plot = React.useRef<LinePlot | null>(null);
  const drawn = useDrawn(lines, settings, isVisible && !isTable);
  const dropped = drawn.reduce((sum, line) => sum + line.dropped, 0);
  const save = async () =>
    downloadLines(title, (await props.readAll?.()) ?? lines, settings.xKind);
  const showFailure = (error: Error) =>
    Notification.error(
      trans.__('The points could not be read: %1', failureText(trans, error))
    );
  const toggle = (id: string) => {
    const next = new Set(hidden);
    if (!next.delete(id)) {
      next.add(id);
    }
    setHidden(next);
  };
  return (
    <section className="jp-exec-chart" aria-label={title} ref={card}>
      <header>
        <h3 title={title}>{title}</h3>
        <span className="jp-exec-chart-actions">
          {isZoomed && !isTable && (
            <button
              className="jp-exec-link"
              onClick={() => plot.current?.reset()}
            >
              {trans.__('Reset zoom')}
            </button>
          )}
          <button
            className="jp-exec-link"
            aria-pressed={isTable}
            onClick={() => setTable(!isTable)}
          >
            {isTable ? trans.__('Chart') : trans.__('Table')}
          </button>
          <button
            className="jp-exec-link"
            title={trans.__('Download all points as CSV')}
            onClick={() => void save().catch(showFailure)}
          >
            {trans.__('CSV')}
          </button>
        </span>
      </header>
      {props.children}
      {isTable ? (
        <PointTable
          title={title}
          lines={lines}
          xKind={settings.xKind}
          height={height}
        />
      ) : (
        <Plot
          title={title}
          drawn={drawn}
          hidden={hidden}
          settings={settings}
          height={height}
          isVisible={isVisible}
          plot={plot}
          onCursor={setCursor}
          onZoom={setZoomed}
        />
      )}
      {!isTable && (
        <Legend
          lines={drawn}
          hidden={hidden}
          cursor={cursor}
          xKind={settings.xKind}
          onToggle={toggle}
        />
      )}
      {dropped > 0 && !isTable && (
        <p className="jp-exec-chart-note">
          {trans._n(
            '%1 point is not above 0, and has no place on a logarithmic axis.',
            '%1 points are not above 0, and have no place on a logarithmic axis.',
            dropped
          )}
        </p>
      )}
    </section>
  );
}

/** A line as it is drawn: without what a logarithmic axis cannot show, and smoothed. */
export interface IDrawnLine extends IChartLine {
  readonly raw: ISeries;
  readonly smooth: ISeries | null;
  readonly look: number;
  readonly dropped: number;
}

/** Prepare lines; those that are as they were before are not prepared again. */
function useDrawn(
  lines: readonly IChartLine[],
  { logX, logY, smoothing }: IChartSettings,
  isWanted: boolean
): readonly IDrawnLine[] {
  const cache = React.useRef(new Map<ISeries, IDrawnLine>());
  const key = `${logX} ${logY} ${smoothing}`;
  const cacheKey = React.useRef(key);
  if (cacheKey.current !== key) {
    cacheKey.current = key;
    cache.current = new Map();
  }
  return React.useMemo(() => {
    const kept = new Map<ISeries, IDrawnLine>();
    const drawn = lines.map((line, index): IDrawnLine => {
      const look = line.look ?? index;
      const known = cache.current.get(line.series);
      if (known !== undefined || !isWanted) {
        const old = known ?? { raw: line.series, smooth: null, dropped: 0 };
        return { ...old, ...line, look };
      }
      const { series: raw, dropped } = positive(line.series, logX, logY);
      const made: IDrawnLine = {
        ...line,
        look,
        raw,
        dropped,
        smooth: smoothing > 0 ? { x: raw.x, y: smooth(raw.y, smoothing) } : null
      };
      kept.set(line.series, made);
      return made;
    });
    for (const line of lines) {
      const known = cache.current.get(line.series);
      if (known !== undefined) {
        kept.set(line.series, known);
      }
    }
    cache.current = kept;
    return drawn;
  }, [lines, key, isWanted]);
}

function Plot(props: {
  title: string;
  drawn: readonly IDrawnLine[];
  hidden: ReadonlySet<string>;
  settings: IChartSettings;
  height: number;
  isVisible: boolean;
  plot: React.MutableRefObject<LinePlot | null>;
  onCursor: IPlotEvents['onCursor'];
  onZoom: IPlotEvents['onZoom'];
}): JSX.Element {
  const { trans } = useExec();
  const { drawn, hidden, settings, isVisible, plot } = props;
  const { xKind, logX, logY } = settings;
  const host = React.useRef<HTMLDivElement>(null);
  const at = React.useRef<number | null>(null);
  React.useEffect(() => {
    plot.current = new LinePlot(host.current!, props.height, {
      onCursor: x => {
        at.current = x;
        props.onCursor(x);
      },
      onZoom: props.onZoom
    });
    return () => {
      plot.current?.dispose();
      plot.current = null;
      props.onCursor(null);
      props.onZoom(false);
    };
  }, [props.height]);
  React.useEffect(() => {
    if (isVisible) {
      const lines = drawn.map(line => ({
        raw: line.raw,
        smooth: line.smooth,
        look: lookOf(line.look),
        isHidden: hidden.has(line.id)
      }));
      plot.current?.update(lines, { xKind, logX, logY });
    }
  }, [drawn, hidden, xKind, logX, logY, isVisible, props.height]);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const x = drawn.find(line => !hidden.has(line.id))?.raw.x ?? [];
    const last = x.length - 1;
    const now = at.current === null ? null : nearest(x, at.current);
    const moves: Record<string, () => void> = {
      ArrowLeft: () => go(now === null ? last : Math.max(0, now - 1)),
      ArrowRight: () => go(now === null ? 0 : Math.min(last, now + 1)),
      Home: () => go(0),
      End: () => go(last),
      '+': () => plot.current?.zoom(0.5),
      '-': () => plot.current?.zoom(2),
      Escape: () => {
        plot.current?.reset();
        plot.current?.point(null);
      }
    };
    const go = (index: number) => plot.current?.point(x[index] ?? null);
    const move = moves[event.key];
    if (move !== undefined && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      move();
    }
  };
  return (
    <div
      ref={host}
      className="jp-exec-chart-plot"
      style={{ height: props.height }}
      tabIndex={0}
      role="img"
      aria-label={trans.__(
        '%1: chart. Left and right move along the points, + and - zoom, Escape shows everything. The button Table shows the numbers.',
        props.title
      )}
      onKeyDown={onKeyDown}
      onBlur={() => plot.current?.point(null)}
    />
  );
}
