import '../../style/charts.css';

import * as React from 'react';

import { axisOf } from './axis';
import { shapePath } from './palette';
import { paintOf, shorten, useWidth } from './size';

/** A point of a scatter plot. */
export interface IScatterPoint {
  readonly id: string;
  readonly x: unknown;
  readonly y: number | null;
  /** What is told when the pointer is there. */
  readonly text: string;
  /** 0 the worst, 1 the best, null unknown. */
  readonly goodness: number | null;
  /** Hollow: not to be counted like the others, for example a trial that was stopped. */
  readonly isHollow?: boolean;
  readonly isBest?: boolean;
}

const HEIGHT = 220;
const PAD = { top: 12, right: 16, bottom: 44, left: 60 };

/** A scatter plot: one value by another. A click on a point opens what it stands for. */
export function Scatter(props: {
  title: string;
  xLabel: string;
  yLabel: string;
  points: readonly IScatterPoint[];
  logX?: boolean;
  /** Joined by a line of steps, for example the best so far. */
  steps?: readonly { readonly x: number; readonly y: number }[];
  hovered: string | null;
  /** The ids that are to be seen; all where null. */
  shown: ReadonlySet<string> | null;
  onHover: (id: string | null) => void;
  onOpen: (id: string) => void;
}): JSX.Element {
  const { points, steps = [], shown, hovered } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const x = React.useMemo(
    () =>
      axisOf(
        points.map(point => point.x),
        props.logX
      ),
    [points, props.logX]
  );
  const y = React.useMemo(() => axisOf(points.map(point => point.y)), [points]);
  const w = width - PAD.left - PAD.right;
  const h = HEIGHT - PAD.top - PAD.bottom;
  const left = (at: number) => PAD.left + at * w;
  const top = (at: number) => PAD.top + (1 - at) * h;
  const room = Math.max(1, Math.floor(w / Math.max(1, x.ticks.length) / 7));
  const path = steps
    .map((step, i) => {
      const px = left(x.position(step.x) ?? 0);
      const py = top(y.position(step.y) ?? 0);
      return i === 0 ? `M${px} ${py}` : `H${px}V${py}`;
    })
    .join('');
  return (
    <div ref={host} className="jp-exec-scatter" style={{ height: HEIGHT }}>
      {w > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={props.title}>
          <g className="jp-exec-chart-axis">
            {y.ticks.map(tick => (
              <g key={tick.label}>
                <line
                  x1={PAD.left}
                  x2={width - PAD.right}
                  y1={top(tick.position)}
                  y2={top(tick.position)}
                />
                <text
                  x={PAD.left - 6}
                  y={top(tick.position)}
                  textAnchor="end"
                  dominantBaseline="middle"
                >
                  {shorten(tick.label, 9)}
                </text>
              </g>
            ))}
            {x.ticks.map(tick => (
              <g key={tick.label}>
                <line
                  x1={left(tick.position)}
                  x2={left(tick.position)}
                  y1={PAD.top}
                  y2={HEIGHT - PAD.bottom}
                />
                <text
                  x={left(tick.position)}
                  y={HEIGHT - PAD.bottom + 16}
                  textAnchor="middle"
                >
                  <title>{tick.label}</title>
                  {shorten(tick.label, Math.max(2, room))}
                </text>
              </g>
            ))}
            <text
              className="jp-exec-chart-axis-label"
              x={PAD.left + w / 2}
              y={HEIGHT - 8}
              textAnchor="middle"
            >
              {shorten(props.xLabel, Math.floor(w / 7))}
            </text>
            <text
              className="jp-exec-chart-axis-label"
              transform={`translate(12 ${PAD.top + h / 2}) rotate(-90)`}
              textAnchor="middle"
            >
              {shorten(props.yLabel, Math.floor(h / 7))}
            </text>
          </g>
          {path !== '' && <path className="jp-exec-scatter-steps" d={path} />}
          {points.map(point => {
            const px = x.position(point.x);
            const py = y.position(point.y);
            if (px === null || py === null) {
              return null;
            }
            const paint = paintOf(point.goodness);
            const isHovered = point.id === hovered;
            const size = isHovered ? 6 : 4;
            return (
              <path
                key={point.id}
                className="jp-exec-scatter-point"
                data-dim={(shown !== null && !shown.has(point.id)) || undefined}
                d={shapePath(
                  point.isBest ? 'diamond' : 'circle',
                  left(px),
                  top(py),
                  point.isBest ? size + 2 : size
                )}
                fill={point.isHollow ? 'var(--jp-layout-color1)' : paint}
                stroke={isHovered ? 'var(--jp-ui-font-color1)' : paint}
                onPointerEnter={() => props.onHover(point.id)}
                onPointerLeave={() => props.onHover(null)}
                onClick={() => props.onOpen(point.id)}
              >
                <title>{point.text}</title>
              </path>
            );
          })}
        </svg>
      )}
    </div>
  );
}
