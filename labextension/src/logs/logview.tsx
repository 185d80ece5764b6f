import * as React from 'react';

import { useExec } from '../components/context';
import type { ILogWindow, LogModel } from '../model/logmodel';
import { type IMarks, LogLine } from './logline';

/** Lines that are there beyond what is seen, in each direction. */
const OVERSCAN = 40;
/** The lowest line that is possible, in pixels; how many lines fit is reckoned with it. */
const LINE_PX = 16;
/** No browser takes much higher elements. */
const LONGEST_BAR_PX = 1_000_000;
/** What a line is taken to have, in bytes, for the length of the scroll bar. */
const LINE_BYTES = 60;

/** What is looked at: the end, or a line by one of its bytes, so many pixels below its top. */
export type LogPlace = 'end' | { readonly at: number; readonly px: number };

/**
 * The lines of a log that are looked at, and no others.
 *
 * The scroll bar stands for bytes, so that it reaches every place of a log whose lines nobody has
 * counted; wheel, keys and touch move by pixels and lines.
 */
export function LogView(props: {
  log: LogModel;
  label: string;
  place: LogPlace;
  onPlace: (place: LogPlace) => void;
  isWrapped: boolean;
  marks: IMarks | null;
}): JSX.Element {
  const { log, place, onPlace, isWrapped, marks } = props;
  const { trans } = useExec();
  useChanges(log);
  const port = React.useRef<HTMLDivElement>(null);
  const height = useHeight(port);
  const fitting = Math.ceil(height / LINE_PX);
  const shown =
    place === 'end'
      ? log.window('end', fitting + OVERSCAN, 0)
      : log.window(place.at, OVERSCAN, fitting + OVERSCAN);
  const rows = React.useRef<HTMLDivElement>(null);
  useLayout(port, rows, shown, place, onPlace, height);
  const move = useMove(port, rows, shown, place, onPlace);
  useWheel(port, move);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const page = Math.max(LINE_PX, height - 2 * LINE_PX);
    const moves: Record<string, () => void> = {
      ArrowUp: () => move(-20),
      ArrowDown: () => move(20),
      PageUp: () => move(-page),
      PageDown: () => move(page),
      ' ': () => move(event.shiftKey ? -page : page),
      Home: () => onPlace({ at: 0, px: 0 }),
      End: () => onPlace('end')
    };
    if (event.key in moves && !event.altKey && event.target === port.current) {
      event.preventDefault();
      moves[event.key]();
    }
  };
  return (
    <div className="jp-exec-log-frame">
      <div
        ref={port}
        className="jp-exec-log-port jp-RenderedText"
        data-wrap={isWrapped || undefined}
        role="region"
        aria-label={props.label}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div ref={rows} className="jp-exec-log-rows">
          {shown.lines.map(line => (
            <LogLine key={line.start} line={line} marks={marks} />
          ))}
        </div>
        {shown.isWaiting && shown.lines.length === 0 && (
          <div className="jp-exec-log-waiting">{trans.__('Reading…')}</div>
        )}
      </div>
      <Bar
        log={log}
        place={place}
        shown={shown}
        height={height}
        onPlace={onPlace}
      />
    </div>
  );
}

/** Render when the log changes, at most once a frame. */
function useChanges(log: LogModel): void {
  const [, setCount] = React.useState(0);
  React.useEffect(() => {
    let frame = 0;
    const onChanged = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        setCount(count => count + 1);
      });
    };
    log.changed.connect(onChanged);
    onChanged();
    return () => {
      log.changed.disconnect(onChanged);
      cancelAnimationFrame(frame);
    };
  }, [log]);
}

function useHeight(port: React.RefObject<HTMLDivElement>): number {
  const [height, setHeight] = React.useState(0);
  React.useLayoutEffect(() => {
    const element = port.current as HTMLDivElement;
    const measure = () => setHeight(element.clientHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [port]);
  return height;
}

/** Put the rows where they belong: by their heights, which only the browser knows. */
function useLayout(
  port: React.RefObject<HTMLDivElement>,
  rows: React.RefObject<HTMLDivElement>,
  shown: ILogWindow,
  place: LogPlace,
  onPlace: (place: LogPlace) => void,
  height: number
): void {
  React.useLayoutEffect(() => {
    const element = rows.current as HTMLDivElement;
    const total = element.offsetHeight;
    const atEnd = Math.min(0, height - total);
    let top = atEnd;
    if (place !== 'end' && shown.lines.length > 0) {
      const row = element.children[shown.index] as HTMLElement | undefined;
      top = Math.min(0, -(row?.offsetTop ?? 0) - place.px);
      if (shown.atEnd && top < atEnd) {
        // Beyond the end there is nothing.
        top = atEnd;
        onPlace('end');
      }
    }
    element.style.transform = `translateY(${Math.round(top)}px)`;
  });
  React.useLayoutEffect(() => {
    if (port.current) {
      port.current.scrollTop = 0;
    }
  });
}

/** A function that moves by pixels. */
function useMove(
  port: React.RefObject<HTMLDivElement>,
  rows: React.RefObject<HTMLDivElement>,
  shown: ILogWindow,
  place: LogPlace,
  onPlace: (place: LogPlace) => void
): (px: number) => void {
  const latest = React.useRef({ shown, place, onPlace });
  latest.current = { shown, place, onPlace };
  // Several moves in one frame add up, since the place is only known after a rendering.
  const pending = React.useRef({ px: 0, frame: 0 });
  return React.useCallback(
    px => {
      pending.current.px += px;
      pending.current.frame ||= requestAnimationFrame(() => {
        const moved = pending.current.px;
        pending.current = { px: 0, frame: 0 };
        if (rows.current !== null && port.current !== null) {
          const { shown, place, onPlace } = latest.current;
          const next = after(rows.current, port.current, shown, place, moved);
          if (next !== place) {
            onPlace(next);
          }
        }
      });
    },
    [port, rows]
  );
}

/** The place that is `px` further down. */
function after(
  rows: HTMLDivElement,
  port: HTMLDivElement,
  shown: ILogWindow,
  place: LogPlace,
  px: number
): LogPlace {
  const { lines } = shown;
  if (lines.length === 0 || rows.children.length !== lines.length) {
    return place;
  }
  const height = port.clientHeight;
  const total = rows.offsetHeight;
  const now =
    place === 'end'
      ? Math.max(0, total - height)
      : (rows.children[shown.index] as HTMLElement).offsetTop + place.px;
  const top = Math.max(0, now + px);
  if (shown.atEnd && top + height >= total) {
    return 'end';
  }
  let index = 0;
  while (
    index + 1 < lines.length &&
    (rows.children[index + 1] as HTMLElement).offsetTop <= top
  ) {
    index += 1;
  }
  const row = rows.children[index] as HTMLElement;
  return { at: lines[index].start, px: top - row.offsetTop };
}

/** Wheel and touch; listeners of React cannot keep the page from scrolling. */
function useWheel(
  port: React.RefObject<HTMLDivElement>,
  move: (px: number) => void
): void {
  React.useEffect(() => {
    const element = port.current as HTMLDivElement;
    const onWheel = (event: WheelEvent) => {
      if (event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        return;
      }
      event.preventDefault();
      const unit = [1, LINE_PX, element.clientHeight][event.deltaMode];
      move(event.deltaY * unit);
    };
    let touched = 0;
    const onTouchStart = (event: TouchEvent) => {
      touched = event.touches[0].clientY;
    };
    const onTouchMove = (event: TouchEvent) => {
      const y = event.touches[0].clientY;
      move(touched - y);
      touched = y;
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    element.addEventListener('touchstart', onTouchStart, { passive: true });
    element.addEventListener('touchmove', onTouchMove, { passive: true });
    return () => {
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('touchstart', onTouchStart);
      element.removeEventListener('touchmove', onTouchMove);
    };
  }, [port, move]);
}

/** The scroll bar: the browser's own, its length stands for the bytes. */
function Bar(props: {
  log: LogModel;
  place: LogPlace;
  shown: ILogWindow;
  height: number;
  onPlace: (place: LogPlace) => void;
}): JSX.Element {
  const { log, place, shown, height, onPlace } = props;
  const bar = React.useRef<HTMLDivElement>(null);
  const expected = React.useRef(0);
  const isAll = shown.atStart && shown.atEnd && place === 'end';
  const lines = log.size / LINE_BYTES;
  const length = isAll
    ? shown.lines.length * 20
    : Math.max(lines * 20, 2 * height);
  const inner = Math.min(LONGEST_BAR_PX, length);
  const range = Math.max(0, inner - height);
  const share = place === 'end' ? 1 : place.at / Math.max(1, log.size);
  React.useLayoutEffect(() => {
    const element = bar.current as HTMLDivElement;
    element.scrollTop = share * range;
    expected.current = element.scrollTop;
  }, [share, range]);
  const onScroll = () => {
    const { scrollTop } = bar.current as HTMLDivElement;
    if (Math.abs(scrollTop - expected.current) < 2) {
      return;
    }
    expected.current = scrollTop;
    const at = Math.floor((scrollTop / Math.max(1, range)) * log.size);
    onPlace(scrollTop >= range - 2 ? 'end' : { at, px: 0 });
  };
  return (
    <div
      ref={bar}
      className="jp-exec-log-bar"
      aria-hidden="true"
      tabIndex={-1}
      onScroll={onScroll}
    >
      <div style={{ height: inner }} />
    </div>
  );
}
