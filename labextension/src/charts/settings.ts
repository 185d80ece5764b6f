/** How somebody likes their charts; remembered in the browser, the same for every run. */
import * as React from 'react';

import type { XKind } from './series';

/** What the controls above charts set. */
export interface IChartSettings {
  readonly xKind: XKind;
  readonly logX: boolean;
  readonly logY: boolean;
  /** From 0 (none) to 0.99. */
  readonly smoothing: number;
}

const KEY = 'jupyter-exec:charts';
const DEFAULTS: IChartSettings = {
  xKind: 'step',
  logX: false,
  logY: false,
  smoothing: 0
};

/** What was remembered; what is missing, or makes no sense, is as it is at first. */
export function readSettings(text: string | null): IChartSettings {
  let found: Partial<IChartSettings> | null;
  try {
    found = JSON.parse(text ?? '{}') as Partial<IChartSettings> | null;
  } catch {
    found = null; // Somebody else's text: as if there were none.
  }
  const smoothing = Number(found?.smoothing);
  return {
    xKind: found?.xKind === 'time' ? 'time' : DEFAULTS.xKind,
    logX: found?.logX === true,
    logY: found?.logY === true,
    smoothing: smoothing > 0 && smoothing < 1 ? smoothing : DEFAULTS.smoothing
  };
}

/** The settings, and how to change some of them. */
export function useChartSettings(): readonly [
  IChartSettings,
  (changes: Partial<IChartSettings>) => void
] {
  const [settings, setSettings] = React.useState(() =>
    readSettings(localStorage.getItem(KEY))
  );
  const change = React.useCallback((changes: Partial<IChartSettings>) => {
    setSettings(old => {
      const settings = { ...old, ...changes };
      localStorage.setItem(KEY, JSON.stringify(settings));
      return settings;
    });
  }, []);
  return [settings, change];
}
