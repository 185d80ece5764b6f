/** What events tell about runs. Source: `jupyter_exec/model/answers/events.py`. */
import type { Run, RunEvent } from '../types';

/** What an event tells about a run that is known, as fields of it; null where nothing. */
export function changesOf(event: RunEvent): Partial<Run> | null {
  switch (event.type) {
    case 'state':
      return {
        status: event.status,
        startedAt: event.startedAt,
        endedAt: event.endedAt,
        exitCode: event.exitCode,
        error: event.error,
        attempt: event.attempt,
        pages: event.pages ?? {}
      };
    case 'progress':
      return { progress: event.progress };
    case 'changed':
      return {
        displayName: event.displayName,
        tags: event.tags,
        // An older server does not tell it.
        ...(event.pinned === undefined ? {} : { pinned: event.pinned })
      };
    default:
      return null;
  }
}

/** A run as far as its first event tells; whoever needs more fetches it. */
export function runOf(event: Extract<RunEvent, { type: 'created' }>): Run {
  return {
    runId: event.runId,
    experiment: event.experiment,
    displayName: event.displayName,
    status: event.status,
    target: event.target,
    createdAt: event.time,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    error: null,
    snapshotId: null,
    sourcePath: null,
    parentRunId: event.parentRunId,
    // An older server does not tell these two.
    tags: event.tags ?? {},
    progress: null,
    attempt: 1,
    git: null,
    template: event.template
      ? ({ name: event.template } as NonNullable<Run['template']>)
      : null,
    usage: null,
    environment: null,
    pinned: false,
    definition: {} as Run['definition']
  };
}
