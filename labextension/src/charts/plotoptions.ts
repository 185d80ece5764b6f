/** How uPlot draws for us: axes, lines, and what is drawn besides. */
import uPlot from 'uplot';

import { formatDuration } from '../components/format';
import { tickTexts } from './axis';
import type { IMark } from './decimate';
import type { IPlotAxes, IPlotLine } from './lineplot';
import { cssValue, ILook, shapePath } from './palette';

type Limits = readonly [number, number] | null;

/** More points than that get no marks of their own. */
const FEW = 40;
const SECONDS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60,
  120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800,
  604_800
];

/** Everything but the size and the hooks. `limits` tells the part that is shown, and the whole. */
export function plotOptions(
  host: HTMLElement,
  lines: readonly IPlotLine[],
  axes: IPlotAxes,
  limits: () => readonly [Limits, Limits]
): Omit<uPlot.Options, 'width' | 'height'> {
  const css = (name: string) => cssValue(host, name);
  const { fontSize, fontFamily } = getComputedStyle(host); // in pixels
  const font = `${fontSize} ${fontFamily}`;
  const axis: uPlot.Axis = {
    font,
    stroke: css('--jp-ui-font-color2'),
    grid: { stroke: css('--jp-exec-chart-grid'), width: 1 },
    ticks: { stroke: css('--jp-exec-chart-grid'), width: 1, size: 4 },
    gap: 4
  };
  const isTime = axes.xKind === 'time';
  return {
    legend: { show: false },
    padding: [10, 12, 0, 0],
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      points: { size: 7, width: 1.5 }
    },
    scales: {
      x: {
        time: false,
        distr: axes.logX ? 3 : 1,
        range: (_, min, max) => xRange(limits(), axes.logX, min, max)
      },
      y: {
        distr: axes.logY ? 3 : 1,
        range: (_, min, max) => yRange(axes.logY, min, max)
      }
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: isTime ? 70 : 50,
        ...(axes.logX
          ? {}
          : {
              incrs: (_plot, _index, min, max) =>
                isTime ? SECONDS : incrementsOf(max - min)
            }),
        values: (_, splits) => (isTime ? timeTexts(splits) : tickTexts(splits))
      },
      {
        ...axis,
        size: (plot, values, index, cycle) =>
          axisWidth(plot, values, index, cycle),
        space: 30,
        values: (_, splits) => tickTexts(splits)
      }
    ],
    series: [{}, ...lines.flatMap(line => seriesOptions(line, css))]
  };
}

/** Round distances of ticks; whole ones where there is room, since steps are whole. */
function incrementsOf(span: number): number[] {
  const powers = Array.from({ length: 30 }, (_, i) => i - 14);
  return powers
    .flatMap(power => [1, 2, 5].map(n => Number(`${n}e${power}`)))
    .filter(increment => span < 1 || increment >= 1);
}

function timeTexts(values: readonly (number | null)[]): string[] {
  const most = Math.max(...values.map(value => value ?? 0));
  if (most < 60) {
    return tickTexts(values).map(text => (text === '' ? '' : `${text} s`));
  }
  return values.map(value =>
    value === null ? '' : formatDuration(value * 1000)
  );
}

function seriesOptions(
  line: IPlotLine,
  css: (name: string) => string
): uPlot.Series[] {
  const stroke = css(line.look.color);
  const common: uPlot.Series = {
    show: !line.isHidden,
    stroke,
    points: { show: false }
  };
  const main = { ...common, width: 1.75, dash: [...line.look.dash] };
  return line.smooth === null
    ? [main]
    : [{ ...common, width: 1, alpha: 0.28 }, main];
}

function xRange(
  [shown, whole]: readonly [Limits, Limits],
  log: boolean,
  min: number | null,
  max: number | null
): uPlot.Range.MinMax {
  const [from, to] = shown ?? whole ?? [min ?? 0, max ?? 1];
  if (from < to) {
    return [from, to];
  }
  return log ? [from / 2 || 0.1, from * 2 || 10] : [from - 0.5, to + 0.5];
}

function yRange(
  log: boolean,
  min: number | null,
  max: number | null
): uPlot.Range.MinMax {
  if (min === null || max === null) {
    return log ? [0.1, 10] : [0, 1];
  }
  if (log) {
    return min === max ? [min / 2, max * 2] : [min / 1.15, max * 1.15];
  }
  const pad = min === max ? Math.abs(min) / 10 || 0.5 : (max - min) * 0.06;
  return [min - pad, max + pad];
}

function axisWidth(
  plot: uPlot,
  values: string[] | null,
  index: number,
  cycle: number
): number {
  const axis = plot.axes[index] as uPlot.Axis & { _size?: number };
  if (cycle > 1 && axis._size !== undefined) {
    return axis._size; // uPlot asks again until nothing moves
  }
  const longest = (values ?? []).reduce(
    (most, value) => (value.length > most.length ? value : most),
    ''
  );
  plot.ctx.save();
  plot.ctx.font = String(
    Array.isArray(axis.font) ? axis.font[0] : (axis.font ?? '')
  );
  const width = plot.ctx.measureText(longest).width / devicePixelRatio;
  plot.ctx.restore();
  return Math.max(36, Math.ceil(width) + 14);
}

/** Draw the points of lines that have few, each line's in its own shape, and those that stand alone. */
export function drawShapes(
  plot: uPlot,
  host: HTMLElement,
  lines: readonly IPlotLine[],
  log: boolean
): void {
  const scale = devicePixelRatio;
  const { min = 0, max = 0 } = plot.scales['x'];
  let column = 0;
  for (const line of lines) {
    column += line.smooth === null ? 1 : 2;
    const ys = plot.data[column];
    if (line.isHidden) {
      continue;
    }
    const shown: number[] = [];
    const alone: number[] = [];
    let before: number | null = null;
    let pending: number | null = null;
    for (let i = 0; i < ys.length; i++) {
      const y = ys[i];
      if (y === undefined) {
        continue;
      }
      if (y !== null && plot.data[0][i] >= min && plot.data[0][i] <= max) {
        shown.push(i);
      }
      if (y === null && pending !== null) {
        alone.push(pending);
      }
      pending = y !== null && before === null ? i : null;
      before = y;
    }
    if (pending !== null) {
      alone.push(pending);
    }
    plot.ctx.save();
    plot.ctx.fillStyle = cssValue(host, line.look.color);
    for (const i of shown.length <= FEW ? shown : alone) {
      const y = ys[i] as number;
      if (!log || y > 0) {
        const left = plot.valToPos(plot.data[0][i], 'x', true);
        const top = plot.valToPos(y, 'y', true);
        const path = shapePath(line.look.shape, left, top, 3 * scale);
        plot.ctx.fill(new Path2D(path));
      }
    }
    plot.ctx.restore();
  }
}

/** Draw what no line can show: a cross for NaN at the foot, arrows for the infinities. */
export function drawMarks(
  plot: uPlot,
  host: HTMLElement,
  marks: readonly (IMark & { look: ILook })[]
): void {
  const { ctx, bbox } = plot;
  const s = 4 * devicePixelRatio;
  ctx.save();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  for (const mark of marks) {
    const x = plot.valToPos(mark.x, 'x', true);
    const top = bbox.top + s * 1.5;
    const foot = bbox.top + bbox.height - s * 1.5;
    ctx.strokeStyle = ctx.fillStyle = cssValue(host, mark.look.color);
    ctx.beginPath();
    if (mark.kind === 'nan') {
      ctx.moveTo(x - s, foot - s);
      ctx.lineTo(x + s, foot + s);
      ctx.moveTo(x + s, foot - s);
      ctx.lineTo(x - s, foot + s);
      ctx.stroke();
    } else {
      const [tip, base] =
        mark.kind === 'high' ? [top - s, top + s] : [foot + s, foot - s];
      ctx.moveTo(x, tip);
      ctx.lineTo(x + s, base);
      ctx.lineTo(x - s, base);
      ctx.fill();
    }
  }
  ctx.restore();
}
