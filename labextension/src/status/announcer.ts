import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';

import { CommandIDs } from '../commands';
import type { Activity } from '../model/activity';
import type { Run } from '../types';

/** Of which runs people want to hear when they end. */
export type Announced = 'all' | 'failures' | 'none';

/** Ends that come within this time are told together. */
const GATHER_MS = 600;
/** While ends of long ago come in, after an absence, this much silence is waited for. */
const CATCH_UP_MS = 2000;
/** A run that has ended longer ago than this is told with the others of its kind. */
const LONG_AGO_MS = 60_000;
/** More than this are summed up. */
const SINGLY = 2;
const NAME_LENGTH = 40;
const CLOSE_MS = { success: 6000, failure: 20_000 };

/** Tells by notifications that runs have ended. */
export class Announcer implements IDisposable {
  constructor(
    private readonly _activity: Activity,
    private readonly _commands: CommandRegistry,
    private readonly _trans: TranslationBundle,
    private readonly _notices: Map<string, string> = new Map()
  ) {
    _activity.ended.connect(this._onEnded, this);
  }

  announced: Announced = 'all';

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._activity.ended.disconnect(this._onEnded, this);
  }

  private _onEnded(_: Activity, ended: readonly Run[]): void {
    const wanted = ended.filter(
      run =>
        this.announced === 'all' ||
        (this.announced === 'failures' && run.status === 'Failed')
    );
    if (wanted.length === 0) {
      return;
    }
    this._gathered.push(...wanted);
    const oldest = Date.now() - LONG_AGO_MS;
    if (wanted.some(run => Date.parse(run.endedAt ?? '') < oldest)) {
      clearTimeout(this._timer);
      this._timer = setTimeout(() => this._tell(), CATCH_UP_MS);
    } else {
      this._timer ??= setTimeout(() => this._tell(), GATHER_MS);
    }
  }

  private _tell(): void {
    this._timer = undefined;
    const runs = this._gathered.splice(0);
    runs.forEach(run => this._dropNotice(run.runId));
    if (runs.length > SINGLY) {
      this._sumUp(runs);
    } else {
      runs.forEach(run => this._announce(run));
    }
  }

  /** What told that a run was submitted gives way to its end. */
  private _dropNotice(runId: string): void {
    const notice = this._notices.get(runId);
    if (notice !== undefined) {
      this._notices.delete(runId);
      Notification.dismiss(notice);
    }
  }

  private _announce(run: Run): void {
    const trans = this._trans;
    const name = shortened(run.displayName || run.runId);
    const actions = [
      {
        label: trans.__('Open'),
        callback: () => {
          void this._commands.execute(CommandIDs.openRun, {
            runId: run.runId
          });
        }
      }
    ];
    if (run.status === 'Failed') {
      const cause = run.error?.message;
      const text = cause
        ? trans.__('%1 has failed: %2', name, cause)
        : trans.__('%1 has failed.', name);
      Notification.error(text, { actions, autoClose: CLOSE_MS.failure });
    } else if (run.status === 'Canceled') {
      const text = trans.__('%1 was canceled.', name);
      Notification.info(text, { actions, autoClose: CLOSE_MS.success });
    } else {
      const text = trans.__('%1 has completed.', name);
      Notification.success(text, { actions, autoClose: CLOSE_MS.success });
    }
  }

  private _sumUp(runs: readonly Run[]): void {
    const trans = this._trans;
    const failed = runs.filter(run => run.status === 'Failed').length;
    const ended = trans._n(
      '%1 run has ended',
      '%1 runs have ended',
      runs.length
    );
    const actions = [
      {
        label: trans.__('Show'),
        callback: () => {
          void this._commands.execute(CommandIDs.showSidebar);
        }
      }
    ];
    if (failed > 0) {
      const text = trans.__('%1; %2 of them failed.', ended, failed);
      Notification.error(text, { actions, autoClose: CLOSE_MS.failure });
    } else {
      const text = trans.__('%1; none of them failed.', ended);
      Notification.success(text, { actions, autoClose: CLOSE_MS.success });
    }
  }

  private _isDisposed = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private readonly _gathered: Run[] = [];
}

function shortened(name: string): string {
  return name.length > NAME_LENGTH
    ? `${name.slice(0, NAME_LENGTH - 1)}…`
    : name;
}
