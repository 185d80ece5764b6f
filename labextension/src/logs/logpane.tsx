import { Clipboard } from '@jupyterlab/apputils';
import * as React from 'react';

import { useExec } from '../components/context';
import { formatBytes } from '../components/format';
import { Failure } from '../components/notice';
import { useVisible } from '../document/visible';
import { isTerminal } from '../model/lifecycle';
import { LogModel } from '../model/logmodel';
import { LogReader } from '../server/logs';
import type { Log, Run } from '../types';
import { LogSearchBar, useSearch } from './logsearchbar';
import type { LogPlace } from './logbar';
import { LogView } from './logview';

/** A longer log is downloaded, not copied. */
const COPIED_BYTES = 5_000_000;

/**
 * One log: its toolbar, its lines, what is to be said about it.
 *
 * Of a run that was deleted the lines stay that were read, and nothing is offered that reads more.
 */
export function LogPane(props: {
  run: Run;
  isDeleted: boolean;
  log: Log;
  picker: JSX.Element;
}): JSX.Element {
  const { trans } = useExec();
  const { isDeleted } = props;
  const [reader, log] = useLog(props.run, props.log);
  const [place, setPlace] = React.useState<LogPlace>('end');
  const [isWrapped, setWrapped] = React.useState(true);
  const search = useSearch(reader, log, setPlace);
  const onKeyDown = (event: React.KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key === 'f' && !isDeleted) {
      event.preventDefault();
      search.open();
    }
  };
  return (
    <div className="jp-exec-log" onKeyDown={onKeyDown}>
      <div
        className="jp-exec-log-toolbar"
        role="group"
        aria-label={trans.__('Log tools')}
      >
        {props.picker}
        <LogStatus log={log} />
        <span className="jp-exec-spacer" />
        {!isDeleted && (
          <button
            className="jp-exec-button"
            aria-expanded={search.isOpen}
            onClick={search.isOpen ? search.close : search.open}
          >
            {trans.__('Search')}
          </button>
        )}
        <button
          className="jp-exec-button"
          aria-pressed={isWrapped}
          onClick={() => setWrapped(!isWrapped)}
        >
          {trans.__('Wrap')}
        </button>
        {!isDeleted && (
          <>
            <CopyButton reader={reader} log={log} />
            <a
              className="jp-exec-button"
              href={reader.url}
              download={`${props.run.runId}-${props.log.name}`}
            >
              {trans.__('Download')}
            </a>
          </>
        )}
      </div>
      {search.isOpen && <LogSearchBar search={search} log={log} />}
      {log.isBinary && (
        <div className="jp-exec-notice" role="status">
          {trans.__(
            'This looks binary: what is no text is shown as \ufffd. Download it to see it as it is.'
          )}
        </div>
      )}
      {log.error && !isDeleted && (
        <Failure error={log.error} onRetry={() => log.retry()} />
      )}
      <div className="jp-exec-log-body">
        {log.size === 0 &&
        (log.state === 'ended' || log.state === 'following') ? (
          <div className="jp-exec-log-waiting">
            {log.state === 'ended'
              ? trans.__('This log is empty.')
              : trans.__('Nothing was printed yet.')}
          </div>
        ) : (
          <LogView
            log={log}
            label={trans.__('Log %1', props.log.name)}
            place={place}
            onPlace={setPlace}
            isWrapped={isWrapped}
            marks={search.marks}
          />
        )}
        {place !== 'end' && (
          <button
            className="jp-exec-button jp-exec-log-jump"
            onClick={() => setPlace('end')}
          >
            {trans.__('Jump to end')}
          </button>
        )}
      </div>
    </div>
  );
}

/** The reader and the model of a log; followed while somebody sees it. */
function useLog(run: Run, { name, sizeBytes }: Log): [LogReader, LogModel] {
  const { model } = useExec();
  const isVisible = useVisible();
  const { runId } = run;
  const [[reader, log], setBoth] = React.useState(() => make());
  const [, setCount] = React.useState(0);

  function make(): [LogReader, LogModel] {
    const path = ['runs', runId, 'logs', name];
    const made = new LogReader(model.requester, path);
    const hasEnded = () => {
      const now = model.store.get(runId);
      return now === undefined || isTerminal(now.status);
    };
    return [made, new LogModel(made, sizeBytes, hasEnded)];
  }

  React.useEffect(() => {
    if (log.isDisposed) {
      setBoth(make());
      return undefined;
    }
    // The pane shows little of what changes: its state, not its lines.
    let told = '';
    const onChanged = () => {
      const tells = [log.state, log.isBinary, log.error, log.size === 0];
      const size = formatBytes(log.size);
      if (told !== `${tells.join()} ${size}`) {
        told = `${tells.join()} ${size}`;
        setCount(count => count + 1);
      }
    };
    const onConnection = () => {
      if (model.stream.state === 'connected') {
        log.retry();
      }
    };
    log.changed.connect(onChanged);
    model.stream.stateChanged.connect(onConnection);
    return () => {
      log.changed.disconnect(onChanged);
      model.stream.stateChanged.disconnect(onConnection);
      log.dispose();
    };
  }, [log]);
  React.useEffect(() => {
    if (isVisible) {
      log.follow();
    } else {
      log.pause();
    }
  }, [log, isVisible]);
  return [reader, log];
}

/** How long it is, and whether more comes. */
function LogStatus({ log }: { log: LogModel }): JSX.Element {
  const { trans } = useExec();
  const words: Record<LogModel['state'], string> = {
    paused: '',
    following: trans.__('following'),
    disconnected: trans.__('disconnected, trying again'),
    ended: '',
    failed: ''
  };
  return (
    <span className="jp-exec-log-status" data-state={log.state} role="status">
      {[formatBytes(log.size), words[log.state]].filter(Boolean).join(' · ')}
    </span>
  );
}

function CopyButton(props: { reader: LogReader; log: LogModel }): JSX.Element {
  const { trans } = useExec();
  const [state, setState] = React.useState<'idle' | 'copied' | 'failed'>(
    'idle'
  );
  const { reader, log } = props;
  const isLong = log.size > COPIED_BYTES;
  const copy = async () => {
    const decoder = new TextDecoder();
    const pieces: string[] = [];
    const range = { offset: 0, limit: log.size };
    try {
      await reader.stream(
        range,
        part => pieces.push(decoder.decode(part.bytes, { stream: true })),
        new AbortController().signal
      );
      Clipboard.copyToSystem(pieces.join(''));
      setState('copied');
    } catch {
      setState('failed');
    }
  };
  const words = {
    idle: trans.__('Copy'),
    copied: trans.__('Copied'),
    failed: trans.__('Not copied')
  };
  return (
    <button
      className="jp-exec-button"
      disabled={isLong}
      title={
        isLong
          ? trans.__('This log is too long to be copied. Download it.')
          : trans.__('Copy the whole log')
      }
      onClick={() => void copy()}
      onBlur={() => setState('idle')}
    >
      {words[state]}
    </button>
  );
}
