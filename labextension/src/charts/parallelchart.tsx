import '../../style/charts.css';

import * as React from 'react';

import { useExec } from '../components/context';
import {
  Brush,
  Brushes,
  crossings,
  IParallelAxis,
  IParallelRow
} from './parallel';
import { paintOf, shorten, useWidth } from './size';

/** A row with its look. */
export interface IParallelLine extends IParallelRow {
  /** What is told when the pointer is there. */
  readonly text: string;
  readonly goodness: number | null;
  readonly isBest?: boolean;
}

const HEIGHT = 280;
const PAD = { top: 36, bottom: 14, side: 60 };
/** Axes closer than this are scrolled. */
const AXIS_PX = 96;
/** How far the keyboard moves an end of a brush. */
const STEP = 0.05;

/** Parallel coordinates: drag along an axis to filter, click a line to open what it stands for. */
export function ParallelChart(props: {
  title: string;
  axes: readonly IParallelAxis[];
  lines: readonly IParallelLine[];
  brushes: Brushes;
  shown: ReadonlySet<string> | null;
  hovered: string | null;
  onBrush: (name: string, brush: Brush | null) => void;
  onHover: (id: string | null) => void;
  onOpen: (id: string) => void;
}): JSX.Element {
  const { axes, lines, shown, hovered } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const room = useWidth(host);
  const width = Math.max(room, (axes.length - 1) * AXIS_PX + 2 * PAD.side);
  const gap = (width - 2 * PAD.side) / Math.max(1, axes.length - 1);
  const left = (index: number) =>
    axes.length === 1 ? width / 2 : PAD.side + index * gap;
  const paths = React.useMemo(
    () =>
      new Map(
        lines.map(line => [line.id, pathOf(crossings(axes, line), left)])
      ),
    [axes, lines, width]
  );
  // The best and the one under the pointer are above the others.
  const ordered = React.useMemo(
    () => [...lines].sort((a, b) => (a.goodness ?? -1) - (b.goodness ?? -1)),
    [lines]
  );
  const top = lines.find(line => line.id === hovered);
  const draw = (line: IParallelLine, isHovered: boolean) => (
    <path
      key={isHovered ? 'hovered' : line.id}
      className="jp-exec-parallel-line"
      data-hovered={isHovered || undefined}
      data-best={line.isBest || undefined}
      data-dim={(shown !== null && !shown.has(line.id)) || undefined}
      d={paths.get(line.id)}
      stroke={paintOf(line.goodness)}
      onPointerEnter={() => props.onHover(line.id)}
      onPointerLeave={() => props.onHover(null)}
      onClick={() => props.onOpen(line.id)}
    >
      <title>{line.text}</title>
    </path>
  );
  return (
    <div ref={host} className="jp-exec-parallel">
      {room > 0 && (
        <svg
          width={width}
          height={HEIGHT}
          role="group"
          aria-label={props.title}
        >
          <g>
            {ordered.map(line => draw(line, false))}
            {top && draw(top, true)}
          </g>
          {axes.map((axis, index) => (
            <g key={axis.name} transform={`translate(${left(index)} 0)`}>
              <Axis
                axis={axis}
                brush={props.brushes.get(axis.name) ?? null}
                chars={Math.floor(Math.max(gap, AXIS_PX) / 7)}
                onBrush={brush => props.onBrush(axis.name, brush)}
              />
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}

const yOf = (at: number) =>
  PAD.top + (1 - at) * (HEIGHT - PAD.top - PAD.bottom);
const atOf = (y: number) =>
  Math.min(1, Math.max(0, 1 - (y - PAD.top) / (HEIGHT - PAD.top - PAD.bottom)));

/** A line through the axes on which a row has a value; a value alone is a short stroke. */
function pathOf(
  places: readonly (number | null)[],
  left: (index: number) => number
): string {
  let path = '';
  let isDown = false;
  places.forEach((place, index) => {
    if (place === null) {
      isDown = false;
      return;
    }
    const isAlone = !isDown && (places[index + 1] ?? null) === null;
    const x = left(index);
    const y = yOf(place);
    path += isAlone ? `M${x - 8} ${y}h16` : `${isDown ? 'L' : 'M'}${x} ${y}`;
    isDown = true;
  });
  return path;
}

function Axis(props: {
  axis: IParallelAxis;
  brush: Brush | null;
  chars: number;
  onBrush: (brush: Brush | null) => void;
}): JSX.Element {
  const { trans } = useExec();
  const { brush, onBrush } = props;
  const { label, axis } = props.axis;
  const start = React.useRef<number | null>(null);
  const place = (event: React.PointerEvent<SVGElement>) => {
    const svg = event.currentTarget.ownerSVGElement!;
    return atOf(event.clientY - svg.getBoundingClientRect().top);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const [low, high] = brush ?? [0, 1];
    const fix = (value: number) =>
      Math.min(1, Math.max(0, Math.round(value * 100) / 100));
    const keys: Record<string, Brush | null> = {
      ArrowUp: event.shiftKey
        ? [low, fix(high + STEP)]
        : [Math.min(fix(low + STEP), high), high],
      ArrowDown: event.shiftKey
        ? [low, Math.max(fix(high - STEP), low)]
        : [fix(low - STEP), high],
      Escape: null
    };
    if (event.key in keys) {
      event.preventDefault();
      const next = keys[event.key];
      onBrush(next && next[0] <= 0 && next[1] >= 1 ? null : next);
    }
  };
  const [low, high] = brush ?? [0, 1];
  return (
    <>
      <g className="jp-exec-chart-axis">
        <line y1={yOf(1)} y2={yOf(0)} className="jp-exec-parallel-axis" />
        {axis.ticks.map(tick => (
          <g key={tick.label} transform={`translate(0 ${yOf(tick.position)})`}>
            <line x1={-4} x2={4} className="jp-exec-parallel-axis" />
            <text
              className="jp-exec-parallel-tick"
              x={8}
              dominantBaseline="middle"
            >
              <title>{tick.label}</title>
              {shorten(tick.label, Math.max(6, props.chars - 3))}
            </text>
          </g>
        ))}
        <text
          className="jp-exec-chart-axis-label"
          y={PAD.top - 18}
          textAnchor="middle"
        >
          <title>{label}</title>
          {shorten(label, props.chars)}
        </text>
      </g>
      <rect
        className="jp-exec-parallel-brush"
        x={-10}
        width={20}
        y={yOf(1) - 4}
        height={yOf(0) - yOf(1) + 8}
        tabIndex={0}
        role="slider"
        aria-orientation="vertical"
        aria-label={trans.__('Filter by %1', label)}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(low * 100)}
        aria-valuetext={
          brush === null
            ? trans.__('everything')
            : trans.__(
                'from %1 % to %2 % of the axis',
                Math.round(low * 100),
                Math.round(high * 100)
              )
        }
        onKeyDown={onKeyDown}
        onPointerDown={event => {
          event.currentTarget.setPointerCapture(event.pointerId);
          start.current = place(event);
        }}
        onPointerMove={event => {
          if (start.current !== null) {
            const at = place(event);
            onBrush([Math.min(start.current, at), Math.max(start.current, at)]);
          }
        }}
        onPointerUp={event => {
          if (
            start.current !== null &&
            Math.abs(place(event) - start.current) < 0.01
          ) {
            onBrush(null);
          }
          start.current = null;
        }}
      />
      {brush !== null && (
        <rect
          className="jp-exec-parallel-brushed"
          x={-6}
          width={12}
          y={yOf(high)}
          height={Math.max(2, yOf(low) - yOf(high))}
        />
      )}
    </>
  );
}
