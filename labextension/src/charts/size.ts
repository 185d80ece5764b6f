import * as React from 'react';

/** The width of an element in pixels, as it is now; 0 until it is known. */
export function useWidth(element: React.RefObject<Element>): number {
  const [width, setWidth] = React.useState(0);
  React.useEffect(() => {
    const observed = element.current;
    if (observed === null) {
      return undefined;
    }
    const observer = new ResizeObserver(() =>
      setWidth(Math.floor(observed.clientWidth))
    );
    observer.observe(observed);
    return () => observer.disconnect();
  }, [element]);
  return width;
}

/** A text that is no longer than so many characters. */
export function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** The paint for how good something is: 0 the worst, 1 the best, null unknown. */
export function paintOf(goodness: number | null): string {
  return goodness === null
    ? 'var(--jp-ui-font-color3)'
    : `color-mix(in oklab, var(--jp-exec-chart-best) ${Math.round(goodness * 100)}%, var(--jp-exec-chart-worst))`;
}
