import * as React from 'react';

import { formatBytes } from '../components/format';
import { useExec } from '../components/context';
import { ANSI_COLORS, type IAnsiStyle, parseAnsi } from '../model/logansi';
import { findInLine } from '../model/logsearch';
import type { ILogLine } from '../model/logtext';

/** Characters of a line that are shown at first. */
const SHOWN_CHARACTERS = 1000;

/** What is marked in the lines. */
export interface IMarks {
  readonly query: string;
  readonly isCaseSensitive: boolean;
  /** The byte of the match that is the current one. */
  readonly current: number | null;
  /** Which of the matches of its line that is. */
  readonly currentIndex: number;
}

/** One line of a log: its number, its text in its colours, what was searched for marked. */
export const LogLine = React.memo(function LogLine(props: {
  line: ILogLine;
  marks: IMarks | null;
}): JSX.Element {
  const { trans } = useExec();
  const { line, marks } = props;
  const [isWhole, setWhole] = React.useState(false);
  const isLong = !isWhole && line.text.length > SHOWN_CHARACTERS;
  const text = isLong ? line.text.slice(0, SHOWN_CHARACTERS) : line.text;
  const isCurrent =
    marks !== null &&
    marks.current !== null &&
    marks.current >= line.start &&
    marks.current < line.end;
  return (
    <div className="jp-exec-log-line" data-start={line.start}>
      <span className="jp-exec-log-number" data-number={line.number ?? ''} />
      <pre className="jp-exec-log-text">
        <Spans
          text={text}
          style={line.style}
          marks={marks}
          current={isCurrent ? (marks?.currentIndex ?? -1) : -1}
        />
        {isLong && (
          <button className="jp-exec-log-whole" onClick={() => setWhole(true)}>
            {trans.__('Show all (%1)', formatBytes(line.text.length))}
          </button>
        )}
      </pre>
    </div>
  );
});

function Spans(props: {
  text: string;
  style: IAnsiStyle;
  marks: IMarks | null;
  current: number;
}): JSX.Element {
  const { text, style, marks, current } = props;
  const { spans } = React.useMemo(() => parseAnsi(text, style), [text, style]);
  const found = React.useMemo(() => {
    const plain = spans.map(span => span.text).join('');
    return marks ? findInLine(plain, marks.query, marks.isCaseSensitive) : [];
  }, [spans, marks?.query, marks?.isCaseSensitive]);
  let place = 0;
  return (
    <>
      {spans.map((span, index) => {
        const from = place;
        place += span.text.length;
        const { className, css } = looksOf(span.style);
        const body =
          found.length > 0
            ? marked(span.text, from, found, current)
            : span.text;
        return className || css ? (
          <span key={index} className={className} style={css}>
            {body}
          </span>
        ) : (
          <React.Fragment key={index}>{body}</React.Fragment>
        );
      })}
      {place === 0 && '\u200b'}
    </>
  );
}

/** The text of a span in pieces, those that were found marked. */
function marked(
  text: string,
  from: number,
  found: readonly [number, number][],
  current: number
): React.ReactNode[] {
  const pieces: React.ReactNode[] = [];
  let at = 0;
  found.forEach(([first, last], index) => {
    const start = Math.max(first - from, at);
    const end = Math.min(last - from, text.length);
    if (start < end) {
      pieces.push(text.slice(at, start));
      pieces.push(
        <mark key={index} data-current={index === current || undefined}>
          {text.slice(start, end)}
        </mark>
      );
      at = end;
    }
  });
  pieces.push(text.slice(at));
  return pieces;
}

/** Lab's own classes where a colour has a name, else the colour. */
function looksOf(style: IAnsiStyle): {
  className?: string;
  css?: React.CSSProperties;
} {
  const names: string[] = [];
  const css: React.CSSProperties = {};
  let { fg, bg } = style;
  if (style.inverse) {
    [fg, bg] = [bg ?? 'default-inverse', fg ?? 'default-inverse'];
  }
  if (fg !== undefined) {
    if (ANSI_COLORS.includes(fg) || fg === 'default-inverse') {
      names.push(`ansi-${fg}-fg`);
    } else {
      css.color = fg;
    }
  }
  if (bg !== undefined) {
    if (ANSI_COLORS.includes(bg) || bg === 'default-inverse') {
      names.push(`ansi-${bg}-bg`);
    } else {
      css.backgroundColor = bg;
    }
  }
  if (style.bold) {
    names.push('ansi-bold');
  }
  if (style.underline) {
    names.push('ansi-underline');
  }
  for (const name of ['dim', 'italic', 'strike'] as const) {
    if (style[name]) {
      names.push(`jp-exec-log-${name}`);
    }
  }
  return {
    className: names.length > 0 ? names.join(' ') : undefined,
    css: Object.keys(css).length > 0 ? css : undefined
  };
}
