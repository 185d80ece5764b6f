import * as React from 'react';

import { useExec } from '../components/context';
import { IAsync, useAsync } from '../components/hooks';
import type { RunStore } from '../model/runstore';
import type { Output, RunEvent } from '../types';

/** Outputs are read again at most once in this time. */
const AGAIN_MS = 2000;

/**
 * The outputs of a run; read again, while `box` is visible, when the run has told something.
 *
 * A run does not tell what it writes, but one that reports its progress has often written more.
 */
export function useOutputs(
  runId: string,
  box: React.RefObject<HTMLElement>
): IAsync<Output[]> {
  const { model } = useExec();
  const answer = useAsync(() => model.runs.outputs(runId), [model, runId]);
  const { reload } = answer;
  React.useEffect(() => {
    let isStale = false;
    let readAt = Date.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = () => {
      timer = undefined;
      if (isStale && isVisible(box.current)) {
        isStale = false;
        readAt = Date.now();
        reload();
      }
    };
    const schedule = () => {
      if (isStale) {
        timer ??= setTimeout(read, Math.max(0, readAt + AGAIN_MS - Date.now()));
      }
    };
    const onEvents = (_: RunStore, events: readonly RunEvent[]) => {
      // Of a run that was deleted there is nothing left to read.
      const tells = (event: RunEvent) =>
        event.runId === runId && event.type !== 'deleted';
      if (events.some(tells)) {
        isStale = true;
        schedule();
      }
    };
    model.store.events.connect(onEvents);
    document.addEventListener('visibilitychange', schedule);
    const observer =
      typeof IntersectionObserver === 'undefined'
        ? null
        : new IntersectionObserver(schedule);
    if (box.current !== null) {
      observer?.observe(box.current);
    }
    return () => {
      clearTimeout(timer);
      model.store.events.disconnect(onEvents);
      document.removeEventListener('visibilitychange', schedule);
      observer?.disconnect();
    };
  }, [model, runId, reload, box]);
  return answer;
}

function isVisible(element: HTMLElement | null): boolean {
  return !document.hidden && element !== null && element.offsetHeight > 0;
}
