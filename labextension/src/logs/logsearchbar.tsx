import * as React from 'react';

import { useExec } from '../components/context';
import { failureText } from '../components/failure';
import type { LogModel } from '../model/logmodel';
import { LogSearch, MOST_MATCHES } from '../model/logsearch';
import type { ILogReader } from '../server/logs';
import type { IMarks } from './logline';
import type { LogPlace } from './logbar';

/** Typing pauses that long before a search begins. */
const TYPING_MS = 300;

/** The search in a log: what is looked for, what was found, which match is the current one. */
export interface ILogSearch {
  readonly isOpen: boolean;
  readonly open: () => void;
  readonly close: () => void;
  readonly query: string;
  readonly setQuery: (query: string) => void;
  readonly isCaseSensitive: boolean;
  readonly setCaseSensitive: (is: boolean) => void;
  /** Null while nothing is looked for. */
  readonly found: LogSearch | null;
  /** The index of the current match; -1 before there is one. */
  readonly current: number;
  readonly step: (by: 1 | -1) => void;
  readonly marks: IMarks | null;
  /** Counts how often it was opened; the box takes the focus then. */
  readonly opened: number;
}

/** Search in a log; `show` brings a match into view. */
export function useSearch(
  reader: ILogReader,
  log: LogModel,
  show: (place: LogPlace) => void
): ILogSearch {
  const [opened, setOpened] = React.useState(0);
  const [isOpen, setIsOpen] = React.useState(false);
  const [query, setQuery] = React.useState('');
  const [isCaseSensitive, setCaseSensitive] = React.useState(false);
  const [found, setFound] = React.useState<LogSearch | null>(null);
  const [current, setCurrent] = React.useState(-1);
  const [, setCount] = React.useState(0);

  React.useEffect(() => {
    setCurrent(-1);
    setFound(null);
    if (!isOpen || query === '') {
      return undefined;
    }
    let search: LogSearch | null = null;
    const onGrown = () => {
      const isIdle = search !== null && !search.isRunning;
      if (isIdle && !search?.error && !search?.isCancelled) {
        void search?.run(log.size);
      }
    };
    const timer = setTimeout(() => {
      search = new LogSearch(reader, query, isCaseSensitive);
      search.changed.connect(() => setCount(count => count + 1));
      setFound(search);
      void search.run(log.size);
      log.changed.connect(onGrown);
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      log.changed.disconnect(onGrown);
      search?.dispose();
    };
  }, [reader, log, query, isCaseSensitive, isOpen]);

  const goTo = (index: number) => {
    if (found !== null) {
      setCurrent(index);
      show({ at: found.matches[index], px: -80 });
    }
  };
  const step = (by: 1 | -1) => {
    const count = found?.matches.length ?? 0;
    if (count > 0) {
      goTo(
        current < 0 ? (by > 0 ? 0 : count - 1) : (current + by + count) % count
      );
    }
  };
  // The first match is shown as soon as it is there.
  React.useEffect(() => {
    if (current < 0 && found !== null && found.matches.length > 0) {
      goTo(0);
    }
  });
  return {
    isOpen,
    open: () => {
      setIsOpen(true);
      setOpened(count => count + 1);
    },
    close: () => setIsOpen(false),
    query,
    setQuery,
    isCaseSensitive,
    setCaseSensitive,
    found,
    current,
    step,
    opened,
    marks: useMarks(log, found, current)
  };
}

/** What is marked; the same object as long as it is the same, so that lines need no rendering. */
function useMarks(
  log: LogModel,
  found: LogSearch | null,
  index: number
): IMarks | null {
  const current = found?.matches[index] ?? null;
  const lines = current === null ? [] : log.window(current, 0, 1).lines;
  const currentIndex =
    found !== null && lines.length > 0
      ? index - found.indexFrom(lines[0].start)
      : -1;
  return React.useMemo(
    () =>
      found === null
        ? null
        : {
            query: found.query,
            isCaseSensitive: found.isCaseSensitive,
            current,
            currentIndex
          },
    [found, current, currentIndex]
  );
}

/** The box, the number of matches, and the buttons. */
export function LogSearchBar(props: {
  search: ILogSearch;
  log: LogModel;
}): JSX.Element {
  const { trans } = useExec();
  const { search, log } = props;
  const { found } = search;
  const box = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => {
    box.current?.focus();
    box.current?.select();
  }, [search.opened]);
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      search.step(event.shiftKey ? -1 : 1);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      search.close();
    }
  };
  const count = found?.matches.length ?? 0;
  return (
    <div className="jp-exec-log-search" role="search">
      <input
        ref={box}
        className="jp-exec-input"
        type="text"
        aria-label={trans.__('Search in this log')}
        placeholder={trans.__('Search in this log')}
        value={search.query}
        onChange={event => search.setQuery(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <button
        className="jp-exec-button"
        aria-pressed={search.isCaseSensitive}
        title={trans.__('Match case')}
        onClick={() => search.setCaseSensitive(!search.isCaseSensitive)}
      >
        Aa
      </button>
      <button
        className="jp-exec-button"
        disabled={count === 0}
        onClick={() => search.step(-1)}
      >
        {trans.__('Previous')}
      </button>
      <button
        className="jp-exec-button"
        disabled={count === 0}
        onClick={() => search.step(1)}
      >
        {trans.__('Next')}
      </button>
      <span className="jp-exec-log-found" role="status">
        {found !== null && textOf(search, found, log, trans)}
      </span>
      {found?.isRunning && found.position < log.size && (
        <>
          <progress
            aria-label={trans.__('How much was searched')}
            max={log.size}
            value={found.position}
          />
          <button className="jp-exec-button" onClick={() => found.cancel()}>
            {trans.__('Stop')}
          </button>
        </>
      )}
      <span className="jp-exec-spacer" />
      <button className="jp-exec-button" onClick={search.close}>
        {trans.__('Close')}
      </button>
    </div>
  );
}

function textOf(
  search: ILogSearch,
  found: LogSearch,
  log: LogModel,
  trans: ReturnType<typeof useExec>['trans']
): string {
  if (found.error) {
    return failureText(trans, found.error);
  }
  const count = found.matches.length;
  if (count === 0) {
    return found.isRunning
      ? trans.__('Searching…')
      : found.position < log.size
        ? trans.__('Stopped. Nothing was found so far.')
        : trans.__('Nothing was found.');
  }
  const all = found.isFull
    ? trans.__('more than %1', MOST_MATCHES.toLocaleString())
    : found.isRunning && found.position < log.size
      ? trans.__('%1 so far', count.toLocaleString())
      : count.toLocaleString();
  return trans.__('%1 of %2', (search.current + 1).toLocaleString(), all);
}
