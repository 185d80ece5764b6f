import '../../style/diff.css';

import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useExec } from './context';
import {
  DiffChange,
  IDiffHunk,
  IDiffLine,
  IFileDiff,
  parseUnifiedDiff
} from './difftext';

/** Lines that are drawn together, when they come near the visible part. */
const CHUNK_LINES = 200;
/** Of `.jp-exec-diff-line`. */
const LINE_PX = 18;
/** Longer lines are cut: nobody reads them, and they would slow the page down. */
const LINE_CHARACTERS = 2000;
/** With more files than these, all begin collapsed. */
const OPEN_FILES = 100;

/** A unified diff, file by file: as text, with signs and line numbers. */
export function UnifiedDiff({ text }: { text: string }): JSX.Element {
  const files = React.useMemo(() => parseUnifiedDiff(text), [text]);
  const { trans } = useExec();
  if (text.trim() !== '' && files.length === 0) {
    // Not a diff that we know; hidden it must not be.
    return (
      <pre
        className="jp-exec-diff-raw"
        tabIndex={0}
        aria-label={trans.__('Diff')}
      >
        {text}
      </pre>
    );
  }
  return <FileDiffs files={files} />;
}

/** The same for diffs that were read already, or were made without text. */
export function FileDiffs(props: { files: readonly IFileDiff[] }): JSX.Element {
  const { trans } = useExec();
  const { files } = props;
  // Every file has its own state; `all` sets them together.
  const [all, setAll] = React.useState<{ open?: boolean; count: number }>({
    count: 0
  });
  if (files.length === 0) {
    return (
      <div className="jp-exec-diff-none">{trans.__('No differences')}</div>
    );
  }
  const set = (open: boolean) => setAll({ open, count: all.count + 1 });
  return (
    <div className="jp-exec-diff">
      {files.length > 1 && (
        <div className="jp-exec-diff-summary">
          <span>
            {trans._n('%1 file', '%1 files', files.length)}{' '}
            <Counts
              added={sum(files, file => file.added)}
              removed={sum(files, file => file.removed)}
            />
          </span>
          <span className="jp-exec-diff-buttons">
            <button className="jp-exec-button" onClick={() => set(true)}>
              {trans.__('Expand all')}
            </button>
            <button className="jp-exec-button" onClick={() => set(false)}>
              {trans.__('Collapse all')}
            </button>
          </span>
        </div>
      )}
      {files.map((file, index) => (
        <FileDiff
          key={`${all.count}:${index}:${file.path}`}
          file={file}
          isOpen={all.open ?? files.length <= OPEN_FILES}
        />
      ))}
    </div>
  );
}

function sum(
  files: readonly IFileDiff[],
  of: (file: IFileDiff) => number
): number {
  return files.reduce((total, file) => total + of(file), 0);
}

function Counts(props: { added: number; removed: number }): JSX.Element {
  const { trans } = useExec();
  const { added, removed } = props;
  return (
    <span
      className="jp-exec-diff-counts"
      role="img"
      aria-label={trans.__('%1 lines added, %2 removed', added, removed)}
    >
      <span data-kind="added">+{added}</span>{' '}
      <span data-kind="removed">−{removed}</span>
    </span>
  );
}

function FileDiff(props: { file: IFileDiff; isOpen: boolean }): JSX.Element {
  const { trans } = useExec();
  const { file } = props;
  const [open, setOpen] = React.useState(props.isOpen);
  const Caret = open ? caretDownIcon.react : caretRightIcon.react;
  const hasLines = file.hunks.length > 0;
  return (
    <section className="jp-exec-diff-file" data-change={file.change}>
      {file.path !== '' && (
        <button
          className="jp-exec-diff-file-header"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <Caret tag="span" className="jp-exec-diff-caret" />
          <span className="jp-exec-diff-path" title={file.path}>
            {file.oldPath !== null && `${file.oldPath} → `}
            {file.path}
          </span>
          {file.change !== 'changed' && (
            <span className="jp-exec-diff-change">
              {changeText(trans, file.change)}
            </span>
          )}
          {hasLines && <Counts added={file.added} removed={file.removed} />}
        </button>
      )}
      {open && (
        <div
          className="jp-exec-diff-body"
          role="region"
          aria-label={trans.__('Differences in %1', file.path)}
          tabIndex={hasLines ? 0 : undefined}
        >
          {!hasLines && (
            <div className="jp-exec-diff-note">
              {file.note ?? trans.__('The content is the same.')}
            </div>
          )}
          <div className="jp-exec-diff-lines">
            {file.hunks.map((hunk, index) => (
              <Hunk key={index} hunk={hunk} />
            ))}
          </div>
        </div>
      )}
    </section>
  );
}

/** The word for what happened to a file. */
export function changeText(
  trans: TranslationBundle,
  change: DiffChange
): string {
  const words: Record<DiffChange, string> = {
    added: trans.__('Added'),
    removed: trans.__('Removed'),
    changed: trans.__('Changed'),
    renamed: trans.__('Renamed')
  };
  return words[change];
}

function Hunk({ hunk }: { hunk: IDiffHunk }): JSX.Element {
  const chunks: (readonly IDiffLine[])[] = [];
  for (let at = 0; at < hunk.lines.length; at += CHUNK_LINES) {
    chunks.push(hunk.lines.slice(at, at + CHUNK_LINES));
  }
  return (
    <>
      <div className="jp-exec-diff-hunk">{hunk.header}</div>
      {chunks.map((lines, index) => (
        <Chunk key={index} lines={lines} isFirst={index === 0} />
      ))}
    </>
  );
}

/** Some lines; a gap of their height until they have come near once. */
function Chunk(props: {
  lines: readonly IDiffLine[];
  isFirst: boolean;
}): JSX.Element {
  const { lines } = props;
  const box = React.useRef<HTMLDivElement>(null);
  const [seen, setSeen] = React.useState(
    (props.isFirst && lines.length < 50) ||
      typeof IntersectionObserver === 'undefined'
  );
  React.useEffect(() => {
    if (seen || box.current === null) {
      return undefined;
    }
    const observer = new IntersectionObserver(
      entries => entries.some(each => each.isIntersecting) && setSeen(true),
      { root: scrollerOf(box.current), rootMargin: '800px 0px' }
    );
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [seen]);
  if (!seen) {
    return <div ref={box} style={{ height: lines.length * LINE_PX }} />;
  }
  return (
    <>
      {lines.map((line, index) => (
        <Line key={index} line={line} />
      ))}
    </>
  );
}

/** The element that scrolls up and down around this one. */
function scrollerOf(element: Element): Element | null {
  let parent = element.parentElement;
  while (parent !== null) {
    if (
      /auto|scroll/.test(getComputedStyle(parent).overflowY) &&
      !parent.classList.contains('jp-exec-diff-body')
    ) {
      return parent;
    }
    parent = parent.parentElement;
  }
  return null;
}

const SIGNS: Readonly<Record<IDiffLine['kind'], string>> = {
  added: '+',
  removed: '-',
  context: ' ',
  note: '\\'
};

function Line({ line }: { line: IDiffLine }): JSX.Element {
  const { trans } = useExec();
  const more = line.text.length - LINE_CHARACTERS;
  return (
    <div className="jp-exec-diff-line" data-kind={line.kind}>
      <span className="jp-exec-diff-number" data-number={line.before ?? ''} />
      <span className="jp-exec-diff-number" data-number={line.after ?? ''} />
      <span className="jp-exec-diff-sign">{SIGNS[line.kind]}</span>
      <span className="jp-exec-diff-text">
        {more > 0 ? line.text.slice(0, LINE_CHARACTERS) : line.text}
      </span>
      {more > 0 && (
        <span className="jp-exec-diff-cut">
          {trans.__('… %1 more characters', more)}
        </span>
      )}
    </div>
  );
}
