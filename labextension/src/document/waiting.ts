import * as React from 'react';

import { useExec } from '../components/context';
import type { Run, RunEvent } from '../types';
import { useVisible } from './visible';

/** The queue is looked at again at most once in this time. */
const AGAIN_MS = 1000;

/** Where a run stands in the queue of its target. */
export interface IWaiting {
  readonly position: number;
  readonly reason: string;
}

/** What a queued run waits for; null for others, and until it is known. */
export function useWaiting(run: Run): IWaiting | null {
  const { model } = useExec();
  const isVisible = useVisible();
  const isQueued = run.status === 'Queued';
  const [waiting, setWaiting] = React.useState<IWaiting | null>(null);
  const { runId, target: targetName } = run;
  React.useEffect(() => {
    if (!isQueued || !isVisible) {
      return undefined;
    }
    let isCurrent = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      try {
        const targets = await model.runs.targets();
        const target = targets.find(known => known.name === targetName);
        const place = target?.queue.find(entry => entry.runId === runId);
        if (isCurrent) {
          setWaiting(place ?? null);
        }
      } catch {
        // The header shows less; what is wrong with the server is told elsewhere.
        setWaiting(null);
      }
    };
    const onEvents = (_: unknown, events: readonly RunEvent[]) => {
      // Somebody else's start or end can change the place.
      if (events.some(event => event.type === 'state')) {
        timer ??= setTimeout(() => {
          timer = undefined;
          void read();
        }, AGAIN_MS);
      }
    };
    void read();
    model.store.events.connect(onEvents);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
      model.store.events.disconnect(onEvents);
    };
  }, [model, runId, targetName, isQueued, isVisible]);
  return isQueued ? waiting : null;
}
