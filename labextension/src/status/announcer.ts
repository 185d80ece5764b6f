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
/** More than this, each within the next time after the one before, are summed up. */
const SINGLY = 2;
const STREAK_MS = 10_000;
/** A sum that is shown grows at most once in this time. */
const GROW_MS = 2000;
const NAME_LENGTH = 40;
const CLOSE_MS = { success: 6000, failure: 20_000 };

/**
 * Tells by notifications that runs have ended.
 *
 * Each by itself while that is seldom. While runs keep ending there is one notification, and it
 * counts on.
 */
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
        (this.announced === 'failures' && isFailed(run))
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
      const isCounting = this._sumId !== null && !this._isOver();
      const wait = isCounting ? GROW_MS : GATHER_MS;
      this._timer ??= setTimeout(() => this._tell(), wait);
    }
  }

  private _tell(): void {
    this._timer = undefined;
    const runs = this._gathered.splice(0);
    runs.forEach(run => this._dropNotice(run.runId));
    if (this._isOver()) {
      this._streak = { ended: 0, failed: 0 };
      this._singles = [];
      this._sumId = null;
    }
    this._toldAt = Date.now();
    this._streak.ended += runs.length;
    this._streak.failed += runs.filter(isFailed).length;
    if (this._streak.ended > SINGLY) {
      this._sumUp();
    } else {
      for (const run of runs) {
        const id = this._announce(run);
        // Why a run has failed stays to be read.
        if (!isFailed(run)) {
          this._singles.push(id);
        }
      }
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

  private _isOver(): boolean {
    return Date.now() - this._toldAt > STREAK_MS;
  }

  private _announce(run: Run): string {
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
    if (isFailed(run)) {
      const cause = run.error?.message;
      const text = cause
        ? trans.__('%1 has failed: %2', name, cause)
        : trans.__('%1 has failed.', name);
      return Notification.error(text, { actions, autoClose: CLOSE_MS.failure });
    }
    if (run.status === 'Canceled') {
      const text = trans.__('%1 was canceled.', name);
      return Notification.info(text, { actions, autoClose: CLOSE_MS.success });
    }
    const text = trans.__('%1 has completed.', name);
    return Notification.success(text, { actions, autoClose: CLOSE_MS.success });
  }

  /** Show how many have ended since that became frequent, in place of what was shown of them. */
  private _sumUp(): void {
    const trans = this._trans;
    const { ended, failed } = this._streak;
    const count = trans._n('%1 run has ended', '%1 runs have ended', ended);
    const message =
      failed > 0
        ? trans.__('%1; %2 of them failed.', count, failed)
        : trans.__('%1; none of them failed.', count);
    const type = failed > 0 ? ('error' as const) : ('success' as const);
    const autoClose = failed > 0 ? CLOSE_MS.failure : CLOSE_MS.success;
    const actions = [
      {
        label: trans.__('Show'),
        callback: () => {
          void this._commands.execute(CommandIDs.showSidebar);
        }
      }
    ];
    const options = { actions, autoClose };
    this._singles.splice(0).forEach(id => Notification.dismiss(id));
    const id = this._sumId;
    const isThere =
      id !== null && Notification.update({ id, message, type, ...options });
    if (!isThere) {
      this._sumId = Notification.emit(message, type, options);
    }
  }

  private _isDisposed = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private readonly _gathered: Run[] = [];
  /** What has ended without a pause. */
  private _streak = { ended: 0, failed: 0 };
  private _toldAt = 0;
  private _singles: string[] = [];
  private _sumId: string | null = null;
}

function isFailed(run: Run): boolean {
  return run.status === 'Failed';
}

function shortened(name: string): string {
  return name.length > NAME_LENGTH
    ? `${name.slice(0, NAME_LENGTH - 1)}…`
    : name;
}
