import * as React from 'react';

import type { ILogWindow, LogModel } from '../model/logmodel';

/** No browser takes much higher elements. */
const LONGEST_BAR_PX = 1_000_000;
/** What a line is taken to have, in bytes, for the length of the scroll bar. */
const LINE_BYTES = 60;

/** What is looked at: the end, or a line by one of its bytes, so many pixels below its top. */
export type LogPlace = 'end' | { readonly at: number; readonly px: number };

/** The scroll bar: the browser's own, its length stands for the bytes. */
export function LogBar(props: {
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
