import * as React from 'react';

import { useExec } from '../components/context';
import { useAsync } from '../components/hooks';
import { isTerminal } from '../model/lifecycle';
import type { RunStore } from '../model/runstore';
import type { OutputList, Run, RunEvent } from '../types';

/** What a run has left so far is read again at most once in this time. */
const AGAIN_MS = 2000;

const NOTHING: OutputList = { outputs: [], eventFiles: false };

/**
 * What a run has left; read again when its state changes or the server is back, and until there are
 * event files also when it, or a trial of it, tells something: a metric may have come from such a file.
 */
export function useLeft(
  run: Run,
  isDeleted: boolean,
  isAway: boolean
): OutputList {
  const { model } = useExec();
  const { runId, status } = run;
  const mayHave = run.startedAt !== null && !isDeleted;
  // Where it cannot be read the header offers less; the tab tells what is wrong.
  const { data, reload } = useAsync(
    async () => (mayHave ? model.runs.outputList(runId) : NOTHING),
    [model, runId, status, mayHave, isAway]
  );
  const left = (mayHave && data) || NOTHING;
  const isWaiting = mayHave && !isTerminal(status) && !left.eventFiles;
  React.useEffect(() => {
    if (!isWaiting) {
      return;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onEvents = (_: RunStore, events: readonly RunEvent[]) => {
      const tells = (event: RunEvent) =>
        event.type === 'metrics' &&
        (event.runId === runId || event.runId.startsWith(`${runId}_`));
      if (events.some(tells)) {
        timer ??= setTimeout(() => {
          timer = undefined;
          reload();
        }, AGAIN_MS);
      }
    };
    model.store.events.connect(onEvents);
    return () => {
      clearTimeout(timer);
      model.store.events.disconnect(onEvents);
    };
  }, [model, runId, isWaiting, reload]);
  return left;
}
