import type { TranslationBundle } from '@jupyterlab/translation';
import type * as React from 'react';

import { lazily } from '../components/lazily';
import type { RunStore } from '../model/runstore';
import type { Run } from '../types';
import { hasEnvironment } from './environmentfacts';

/** What every tab of a run's document gets: the run as it is known now. */
export interface IRunTabProps {
  readonly run: Run;
  /** Somebody has deleted it; `run` is as it was last. */
  readonly isDeleted: boolean;
}

/** A tab of a run's document; its code is loaded when it is opened. */
export interface IRunTab {
  readonly id: string;
  readonly label: (trans: TranslationBundle) => string;
  readonly component: React.ComponentType<IRunTabProps>;
  /** Whether this run has it; every run has where it is left out. */
  readonly isFor?: (run: Run, store: RunStore) => boolean;
}

/** The tabs, from left to right. */
export const RUN_TABS: readonly IRunTab[] = [
  {
    id: 'overview',
    label: trans => trans.__('Overview'),
    component: lazily(() => import('./overview'))
  },
  {
    id: 'logs',
    label: trans => trans.__('Logs'),
    component: lazily(() => import('../logs/logs'))
  },
  {
    id: 'outputs',
    label: trans => trans.__('Outputs'),
    component: lazily(() => import('../outputs/outputs'))
  },
  {
    id: 'metrics',
    label: trans => trans.__('Metrics'),
    component: lazily(() => import('../metrics/metrics'))
  },
  {
    id: 'code',
    label: trans => trans.__('Code'),
    component: lazily(() => import('../code/code'))
  },
  {
    id: 'environment',
    label: trans => trans.__('Environment'),
    component: lazily(() => import('./environment')),
    isFor: run => hasEnvironment(run)
  },
  {
    id: 'children',
    label: trans => trans.__('Children'),
    component: lazily(() => import('../children/children')),
    isFor: (run, store) =>
      Boolean(run.definition?.sweep) || store.isParent(run.runId)
  }
];

/** The tab that a run's document opens on: a sweep is about its trials. */
export function firstTab(run: Run | undefined): string {
  return run?.definition?.sweep ? 'children' : 'overview';
}
