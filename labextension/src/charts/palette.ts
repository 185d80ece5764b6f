/**
 * How lines differ: by colour, by dashes and by the marks of their points, so that they differ for
 * those too who see no colours. The colours themselves are in `style/charts.css`, one set a theme.
 */

/** How many colours there are. */
export const COLORS = 8;

/** Lengths of dashes and gaps, in pixels. */
export const DASHES: readonly (readonly number[])[] = [
  [],
  [8, 4],
  [2, 3],
  [10, 3, 2, 3],
  [5, 3]
];

/** The shapes of points. */
export const SHAPES = [
  'circle',
  'square',
  'triangle',
  'diamond',
  'cross'
] as const;
export type Shape = (typeof SHAPES)[number];

/** The look of a line. */
export interface ILook {
  /** A CSS variable. */
  readonly color: string;
  readonly dash: readonly number[];
  readonly shape: Shape;
}

/** The look of the line of this number; forty in a row differ. */
export function lookOf(index: number): ILook {
  return {
    color: `--jp-exec-chart-color${(index % COLORS) + 1}`,
    dash: DASHES[index % DASHES.length],
    shape: SHAPES[index % SHAPES.length]
  };
}

/** The value of a CSS variable at an element. */
export function cssValue(element: Element, variable: string): string {
  return getComputedStyle(element).getPropertyValue(variable).trim();
}

/** A path of a point's mark, for canvas and SVG alike; `size` is half its width. */
export function shapePath(
  shape: Shape,
  x: number,
  y: number,
  size: number
): string {
  const s = size;
  switch (shape) {
    case 'square':
      return `M${x - s} ${y - s}h${2 * s}v${2 * s}h${-2 * s}z`;
    case 'triangle':
      return `M${x} ${y - s * 1.2}l${s * 1.2} ${s * 2.2}h${-2.4 * s}z`;
    case 'diamond':
      return `M${x} ${y - s * 1.3}l${s * 1.3} ${s * 1.3}l${-s * 1.3} ${s * 1.3}l${-s * 1.3} ${-s * 1.3}z`;
    case 'cross': {
      const a = s * 0.4;
      const b = s * 1.2 - a;
      return (
        `M${x - a} ${y - a - b}h${2 * a}v${b}h${b}v${2 * a}h${-b}v${b}` +
        `h${-2 * a}v${-b}h${-b}v${-2 * a}h${b}z`
      );
    }
    default:
      return `M${x - s} ${y}a${s} ${s} 0 1 0 ${2 * s} 0a${s} ${s} 0 1 0 ${-2 * s} 0z`;
  }
}
