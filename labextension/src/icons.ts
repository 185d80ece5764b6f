import { LabIcon } from '@jupyterlab/ui-components';

import type { RunStatus } from './types';

function icon(name: string, body: string, className = 'jp-icon3'): LabIcon {
  return new LabIcon({
    name: `jupyter-exec:${name}`,
    svgstr:
      '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">' +
      `<g class="${className}" ` +
      `fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">${body}</g></svg>`
  });
}

const CIRCLE = '<circle cx="8" cy="8" r="6.2"/>';

/** The extension's own: a cell that is sent off to run. */
export const execIcon = icon(
  'exec',
  '<path d="M2.5 4.5v7"/><path d="M5.5 3.2 12.8 8l-7.3 4.8z"/>',
  'jp-exec-stroke'
);

/** Two things side by side. */
export const compareIcon = icon(
  'compare',
  '<path d="M2.5 3h4v10h-4zM9.5 3h4v10h-4z"/>',
  'jp-exec-stroke'
);

export const tagIcon = icon(
  'tag',
  '<path d="M2.5 2.5h5l6 6-5 5-6-6z"/><path d="M5.3 5.3v.1"/>',
  'jp-exec-stroke'
);

/** A run that no limit of the server removes. */
export const pinIcon = icon(
  'pin',
  '<path d="M5.2 2.3h5.6M6.2 2.3v4.2L4.3 9.2h7.4L9.8 6.5V2.3M8 9.2v4.6"/>',
  'jp-exec-stroke'
);

const waiting = icon(
  'waiting',
  '<circle cx="8" cy="8" r="6.2" stroke-dasharray="1.6 2.6"/>',
  ''
);
const busy = icon('busy', '<path d="M14.2 8A6.2 6.2 0 1 1 8 1.8"/>', '');
const completed = icon(
  'completed',
  `${CIRCLE}<path d="m5.2 8.2 2 2 3.6-4.2"/>`,
  ''
);
const failed = icon(
  'failed',
  `${CIRCLE}<path d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4"/>`,
  ''
);
const canceled = icon('canceled', `${CIRCLE}<path d="M5.2 8h5.6"/>`, '');
const lost = icon(
  'lost',
  `${CIRCLE}<path d="M8 4.8v3.8"/><path d="M8 11.1v.1"/>`,
  ''
);

/** The icon of a state; each has a shape of its own, so that none depends on its colour. */
export const STATUS_ICONS: Readonly<Record<RunStatus, LabIcon>> = {
  NotStarted: waiting,
  Queued: waiting,
  Preparing: busy,
  Starting: busy,
  Running: busy,
  Finalizing: busy,
  CancelRequested: busy,
  NotResponding: lost,
  Completed: completed,
  Failed: failed,
  Canceled: canceled
};
