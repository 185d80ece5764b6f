/** A line chart on the page: uPlot, told what to draw. */
import uPlot from 'uplot';

import { align, decimate, IMark, IWindow, marksOf } from './decimate';
import type { ILook } from './palette';
import { drawMarks, drawShapes, plotOptions } from './plotoptions';
import type { ISeries, XKind } from './series';

/** A line, ready to draw. */
export interface IPlotLine {
  readonly raw: ISeries;
  /** The same points smoothed; the raw line is faint behind it then. */
  readonly smooth: ISeries | null;
  readonly look: ILook;
  readonly isHidden: boolean;
}

/** How the axes are. */
export interface IPlotAxes {
  readonly xKind: XKind;
  readonly logX: boolean;
  readonly logY: boolean;
}

/** What a plot tells. */
export interface IPlotEvents {
  /** The pointer, or the keyboard, is at this place of the horizontal axis; null = nowhere. */
  onCursor(x: number | null): void;
  /** Whether only a part of the horizontal axis is shown. */
  onZoom(isZoomed: boolean): void;
}

/** Draws lines into an element until it is disposed. */
export class LinePlot {
  constructor(
    private readonly _host: HTMLElement,
    private readonly _height: number,
    private readonly _events: IPlotEvents
  ) {
    this._resize = new ResizeObserver(() => this._onResize());
    this._resize.observe(_host);
    this._theme = new MutationObserver(() => this._rebuild());
    this._theme.observe(document.body, {
      attributes: true,
      attributeFilter: ['data-jp-theme-name']
    });
  }

  /** Draw these lines; the part that is shown stays. */
  update(lines: readonly IPlotLine[], axes: IPlotAxes): void {
    const shape = JSON.stringify([
      axes,
      lines.map(line => [line.look, line.smooth !== null, line.isHidden])
    ]);
    if (axes.xKind !== this._axes?.xKind || axes.logX !== this._axes.logX) {
      this._setRange(null);
    }
    this._lines = lines;
    this._axes = axes;
    if (shape !== this._shape || this._plot === null) {
      this._shape = shape;
      this._rebuild();
    } else {
      this._draw();
    }
  }

  /** Show everything again. */
  reset(): void {
    this._setRange(null);
    this._draw();
  }

  /** Show a part around the cursor, or the middle: `factor` 0.5 is half of what is shown. */
  zoom(factor: number): void {
    const { min, max } = this._plot?.scales['x'] ?? {};
    if (min === undefined || max === undefined) {
      return;
    }
    const place = this._axes?.logX ? Math.log : (x: number) => x;
    const back = this._axes?.logX ? Math.exp : (x: number) => x;
    const middle = place(this._at ?? back((place(min) + place(max)) / 2));
    const from = middle - (middle - place(min)) * factor;
    const to = middle + (place(max) - middle) * factor;
    this._setRange([back(from), back(to)]);
    this._draw();
  }

  /** Put the cursor to a place, as the pointer does. */
  point(x: number | null): void {
    const plot = this._plot;
    if (plot !== null) {
      const left = x === null ? -10 : plot.valToPos(x, 'x');
      plot.setCursor({ left, top: x === null ? -10 : 0 });
    }
  }

  dispose(): void {
    this._resize.disconnect();
    this._theme.disconnect();
    this._plot?.destroy();
    this._plot = null;
  }

  private _onResize(): void {
    const width = Math.floor(this._host.clientWidth);
    if (width === 0 || width === this._plot?.width) {
      return;
    }
    if (this._plot === null) {
      this._rebuild();
    } else {
      this._plot.setSize({ width, height: this._height });
      this._draw();
    }
  }

  private _rebuild(): void {
    this._plot?.destroy();
    this._plot = null;
    const width = Math.floor(this._host.clientWidth);
    if (width === 0 || this._axes === null) {
      return;
    }
    const data = this._data(width);
    const options = plotOptions(this._host, this._lines, this._axes, () => [
      this._range,
      this._extent
    ]);
    this._plot = new uPlot(
      {
        ...options,
        width,
        height: this._height,
        hooks: {
          setCursor: [plot => this._onCursor(plot)],
          setSelect: [plot => this._onSelect(plot)],
          draw: [
            plot => {
              drawShapes(plot, this._host, this._lines, this._axes!.logY);
              drawMarks(plot, this._host, this._marks);
            }
          ]
        }
      },
      data as uPlot.AlignedData,
      this._host
    );
    this._plot.over.addEventListener('dblclick', () => this.reset());
  }

  private _draw(): void {
    if (this._plot !== null) {
      const data = this._data(this._plot.width) as uPlot.AlignedData;
      this._plot.setData(data, true);
    }
  }

  /** The points to draw: each line, and after it the smoothed one. */
  private _data(width: number): unknown {
    const window = this._window(width);
    this._marks = [];
    const lines: ISeries[] = [];
    this._lines.forEach(line => {
      lines.push(decimate(line.raw, window));
      if (line.smooth !== null) {
        lines.push(decimate(line.smooth, window));
      }
      if (!line.isHidden) {
        const look = line.look;
        this._marks.push(
          ...marksOf(line.raw, window).map(mark => ({ ...mark, look }))
        );
      }
    });
    return align(lines);
  }

  private _window(width: number): IWindow {
    let min = Infinity;
    let max = -Infinity;
    for (const { raw, isHidden } of this._lines) {
      if (!isHidden && raw.x.length > 0) {
        min = Math.min(min, raw.x[0]);
        max = Math.max(max, raw.x[raw.x.length - 1]);
      }
    }
    this._extent = min <= max ? [min, max] : null;
    const [from, to] = this._range ?? this._extent ?? [0, 1];
    const columns = Math.max(50, width);
    return { min: from, max: to, columns, log: this._axes?.logX && from > 0 };
  }

  private _setRange(range: readonly [number, number] | null): void {
    const wasZoomed = this._range !== null;
    this._range = range;
    if (wasZoomed !== (range !== null)) {
      this._events.onZoom(range !== null);
    }
  }

  private _onSelect(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) {
      return;
    }
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this._setRange([
      plot.posToVal(left, 'x'),
      plot.posToVal(left + width, 'x')
    ]);
    this._draw();
  }

  private _onCursor(plot: uPlot): void {
    const left = plot.cursor.left ?? -1;
    const at = left < 0 ? null : plot.posToVal(left, 'x');
    if (at !== this._at) {
      this._at = at;
      this._events.onCursor(at);
    }
  }

  private _plot: uPlot | null = null;
  private _lines: readonly IPlotLine[] = [];
  private _axes: IPlotAxes | null = null;
  private _shape = '';
  private _range: readonly [number, number] | null = null;
  private _extent: readonly [number, number] | null = null;
  private _marks: (IMark & { look: ILook })[] = [];
  private _at: number | null = null;
  private readonly _resize: ResizeObserver;
  private readonly _theme: MutationObserver;
}
