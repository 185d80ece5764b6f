import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import type { IRunChanges } from '../model/runstore';
import type { Run } from '../types';
import { useExec } from './context';

/** Render again whenever a signal is emitted; returns how often it was. */
export function useSignal<S, A>(signal: ISignal<S, A>): number {
  const [count, setCount] = React.useState(0);
  React.useEffect(() => {
    const onSignal = () => setCount(value => value + 1);
    signal.connect(onSignal);
    return () => {
      signal.disconnect(onSignal);
    };
  }, [signal]);
  return count;
}

/** A run as it is known now; renders again when this run changes, and only then. */
export function useRun(runId: string): Run | undefined {
  const { model } = useExec();
  const [run, setRun] = React.useState(() => model.store.get(runId));
  React.useEffect(() => {
    const update = () => setRun(model.store.get(runId));
    const onChanged = (_: unknown, { changed, deleted }: IRunChanges) => {
      if (changed.has(runId) || deleted.has(runId)) {
        update();
      }
    };
    update();
    model.store.changed.connect(onChanged);
    return () => {
      model.store.changed.disconnect(onChanged);
    };
  }, [model, runId]);
  return run;
}

/** What shows the time: all of it moves in one drawing a second, not each part by itself. */
const clocks = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

function addClock(clock: () => void): () => void {
  clocks.add(clock);
  ticking ??= setInterval(() => clocks.forEach(each => each()), 1000);
  return () => {
    clocks.delete(clock);
    if (clocks.size === 0) {
      clearInterval(ticking);
      ticking = undefined;
    }
  };
}

/** The time now in milliseconds, kept to the second while `active`. */
export function useNow(active: boolean): number {
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => {
    if (!active) {
      return undefined;
    }
    const update = () => setNow(Date.now());
    update();
    return addClock(update);
  }, [active]);
  return now;
}

/** A value that changes at most once in a time, for what costs much to draw; 0 = as it comes. */
export function usePaced<T>(value: T, paceMs: number): T {
  const [paced, setPaced] = React.useState(value);
  const latest = React.useRef(value);
  const timer = React.useRef<ReturnType<typeof setTimeout> | undefined>();
  const takenAt = React.useRef(0);
  latest.current = value;
  React.useEffect(() => {
    if (paceMs > 0 && timer.current === undefined) {
      const wait = Math.max(0, takenAt.current + paceMs - Date.now());
      timer.current = setTimeout(() => {
        timer.current = undefined;
        takenAt.current = Date.now();
        setPaced(latest.current);
      }, wait);
    }
  }, [value, paceMs]);
  React.useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    []
  );
  return paceMs > 0 ? paced : value;
}

/** What a promise is at: `data` keeps the last value while it is read again. */
export interface IAsync<T> {
  readonly data: T | undefined;
  readonly error: Error | null;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/**
 * Read something when the component appears and whenever `deps` change; the answer to an older
 * question never replaces that to a newer one.
 */
export function useAsync<T>(
  read: () => Promise<T>,
  deps: React.DependencyList
): IAsync<T> {
  const [count, setCount] = React.useState(0);
  const [state, setState] = React.useState<Omit<IAsync<T>, 'reload'>>({
    data: undefined,
    error: null,
    isLoading: true
  });
  React.useEffect(() => {
    let current = true;
    setState(old => ({ ...old, isLoading: true }));
    read().then(
      data => current && setState({ data, error: null, isLoading: false }),
      (error: Error) =>
        current && setState(old => ({ ...old, error, isLoading: false }))
    );
    return () => {
      current = false;
    };
  }, [...deps, count]);
  const reload = React.useCallback(() => setCount(value => value + 1), []);
  return { ...state, reload };
}
