import '../../style/charts.css';

import * as React from 'react';

import { useExec } from '../components/context';
import { formatDuration } from '../components/format';
import { formatValue } from './number';
import type { IDrawnLine } from './linechart';
import { lookOf, shapePath } from './palette';
import { nearest, XKind } from './series';

/** A line's look as a small picture. */
export function Swatch({ look }: { look: number }): JSX.Element {
  const { color, dash, shape } = lookOf(look);
  const paint = `var(${color})`;
  return (
    <svg className="jp-exec-chart-swatch" viewBox="0 0 28 12" aria-hidden>
      <path
        d="M0 6H28"
        stroke={paint}
        strokeWidth={2}
        strokeDasharray={dash.join(' ')}
      />
      <path d={shapePath(shape, 14, 6, 3)} fill={paint} />
    </svg>
  );
}

/** A place of the horizontal axis as text. */
export function placeText(x: number, kind: XKind): string {
  return kind === 'time' ? formatDuration(x * 1000) : formatValue(x);
}

/** Which line is which, its value under the pointer or else the last, and switches to hide lines. */
export function Legend(props: {
  lines: readonly IDrawnLine[];
  hidden: ReadonlySet<string>;
  cursor: number | null;
  xKind: XKind;
  onToggle: (id: string) => void;
}): JSX.Element | null {
  const { trans } = useExec();
  const { lines, cursor, xKind } = props;
  const isSingle = lines.length === 1;
  if (isSingle && cursor === null) {
    return <div className="jp-exec-chart-legend" data-single />;
  }
  const first = lines.find(line => !props.hidden.has(line.id)) ?? lines[0];
  const at =
    cursor === null || first === undefined
      ? null
      : isSingle
        ? (first.raw.x[nearest(first.raw.x, cursor)] ?? null)
        : cursor;
  return (
    <div
      className="jp-exec-chart-legend"
      data-single={isSingle || undefined}
      role="group"
      aria-label={trans.__('Lines')}
    >
      {at !== null && (
        <span className="jp-exec-chart-at" aria-live="polite">
          {xKind === 'time'
            ? trans.__('after %1', placeText(at, xKind))
            : trans.__('step %1', placeText(Math.round(at * 1e6) / 1e6, xKind))}
        </span>
      )}
      {lines.map(line => (
        <LegendItem
          key={line.id}
          line={line}
          cursor={cursor}
          isSingle={isSingle}
          isHidden={props.hidden.has(line.id)}
          onToggle={() => props.onToggle(line.id)}
        />
      ))}
    </div>
  );
}

function LegendItem(props: {
  line: IDrawnLine;
  cursor: number | null;
  isSingle: boolean;
  isHidden: boolean;
  onToggle: () => void;
}): JSX.Element {
  const { trans } = useExec();
  const { line, cursor } = props;
  const { raw, smooth } = line;
  const index = cursor === null ? raw.x.length - 1 : nearest(raw.x, cursor);
  const value = index < 0 ? '–' : formatValue(raw.y[index]);
  const smoothed =
    smooth === null || index < 0 ? null : formatValue(smooth.y[index]);
  const numbers = (
    <span
      className="jp-exec-chart-value"
      aria-live={props.isSingle ? 'polite' : undefined}
    >
      {smoothed === null ? (
        value
      ) : (
        <>
          {smoothed} <small>{trans.__('(raw %1)', value)}</small>
        </>
      )}
    </span>
  );
  if (props.isSingle) {
    return numbers;
  }
  return (
    <button
      className="jp-exec-chart-key"
      aria-pressed={!props.isHidden}
      title={trans.__('Show or hide %1', line.name)}
      onClick={props.onToggle}
    >
      <Swatch look={line.look} />
      <span className="jp-exec-chart-name">{line.name}</span>
      {numbers}
    </button>
  );
}
