import type { IStateDB } from '@jupyterlab/statedb';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

import type { ExecModel } from '../model/exec';
import { FieldFaults, faultsOf } from '../model/schema';
import { RequestFailure } from '../server/errors';
import { failureFrom } from '../server/failures';
import type { EnvironmentDefinition, Run, Target } from '../types';
import type { Dependencies, IProvisions } from './configuration';
import { atTarget, IKnown, isContained, NOTHING_KNOWN } from './container';
import {
  EnvironmentFileError,
  readEnvironmentFile,
  ReadText
} from './environmentfile';
import { fieldsOf, placeSubmitFaults } from './faults';
import type { IFramework } from './frameworklist';
import { remember } from './memory';
import { rerunRequestOf, submitRequestOf } from './request';
import type { FieldId, ISubject, ISubmitState, SubmitFaults } from './state';

/** A kernel that a notebook can be run with. */
export interface IKernelChoice {
  readonly name: string;
  readonly displayName: string;
}

/** What a dialog is made of. */
export interface ISubmitOptions {
  readonly exec: ExecModel;
  readonly trans: TranslationBundle;
  readonly subject: ISubject;
  /** Without what was remembered. */
  readonly initial: ISubmitState;
  /** What the dialog begins with. */
  readonly state: ISubmitState;
  /** The same with what was typed before somebody cancelled; `state` itself where nothing was. */
  readonly draft?: ISubmitState;
  readonly kernels: readonly IKernelChoice[];
  readonly targets: readonly Target[];
  /** That a run can be of. */
  readonly frameworks: readonly IFramework[];
  /** Files of the folder that may be run, and that may name an environment. */
  readonly suggestions: ISuggestions;
  readonly readText: ReadText;
  /** Reads images and named environments of the server; not before the dialog is there. */
  readonly known: () => Promise<IKnown>;
  /** Null where nothing is to be remembered. */
  readonly database: IStateDB | null;
}

/** Names to choose from. */
export interface ISuggestions {
  readonly scripts: readonly string[];
  readonly environments: readonly string[];
}

/** The dialog that submits, without its looks. */
export class SubmitModel {
  constructor(readonly options: ISubmitOptions) {
    this._state = options.draft ?? options.state;
    this._isDraft = this._state !== options.state;
    this.subject = options.subject;
    this.fields = fieldsOf(
      options.subject,
      options.targets.length > 1,
      options.targets.some(target => target.containerEngine !== null)
    );
  }

  readonly subject: ISubject;
  /** The fields that this dialog has. */
  readonly fields: ReadonlySet<FieldId>;

  /** Anything is different. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): ISubmitState {
    return this._state;
  }

  /** What is wrong, by field. */
  get faults(): SubmitFaults {
    return this._faults;
  }

  /** What is wrong with the parameters. */
  get valueFaults(): FieldFaults {
    return this._valueFaults;
  }

  /** Why the last attempt did not succeed, where no field can tell it. */
  get error(): Error | null {
    return this._error;
  }

  get isSubmitting(): boolean {
    return this._isSubmitting;
  }

  /** How often an attempt was refused; the view then shows the first fault. */
  get refusals(): number {
    return this._refusals;
  }

  /** Whether the file has changes that are saved first. */
  get isUnsaved(): boolean {
    return this.subject.document?.isDirty ?? false;
  }

  /** Whether it shows what was typed before somebody cancelled. */
  get isDraft(): boolean {
    return this._isDraft;
  }

  /** Whether the run that is asked for gets a container. */
  get isContained(): boolean {
    return isContained(this.options.targets, this._state.target);
  }

  /** Images and named environments, as far as they were read. */
  get known(): IKnown {
    return this._known;
  }

  /** Why these could not be read. */
  get knownError(): Error | null {
    return this._knownError;
  }

  /** Read what there is to choose from; once. */
  load(): Promise<void> {
    this._loading ??= this.options
      .known()
      .then(
        known => {
          this._known = known;
        },
        async (error: unknown) => {
          const { requester } = this.options.exec;
          this._knownError = await failureFrom(error, requester);
        }
      )
      .then(() => this._changed.emit());
    return this._loading;
  }

  /** Choose where it runs. */
  chooseTarget(target: string): void {
    this.update(atTarget(target, this._state, this.options.targets));
  }

  /** Begin without what was typed before. */
  startOver(): void {
    this._isDraft = false;
    this._faults = {};
    this._valueFaults = {};
    this._state = this.options.state;
    this._changed.emit();
  }

  /** Take what a person has said; the faults of those fields no longer count. */
  update(change: Partial<ISubmitState>): void {
    const faults: Partial<Record<FieldId, readonly string[]>> = {
      ...this._faults
    };
    const { values } = change;
    for (const name of Object.keys(change) as FieldId[]) {
      delete faults[name];
    }
    if ('cpus' in change || 'memory' in change || 'gpus' in change) {
      delete faults.resources;
    }
    if ('target' in change || 'environment' in change) {
      delete faults.image;
    }
    if (values !== undefined) {
      this._valueFaults = Object.fromEntries(
        Object.entries(this._valueFaults).filter(
          ([name]) => values[name] === this._state.values[name]
        )
      );
    }
    this._faults = faults;
    this._state = { ...this._state, ...change };
    this._changed.emit();
  }

  /** The attempt that was made last: its run, or null where it made none. */
  get pending(): Promise<Run | null> {
    return this._pending;
  }

  /**
   * Submit; null where something is wrong, which the model then tells. While an attempt is under way,
   * and after one has made a run, this is that attempt: one dialog makes one run.
   */
  submit(): Promise<Run | null> {
    if (!this._isSubmitting && !this._isMade) {
      this._pending = this._attempt();
    }
    return this._pending;
  }

  private async _attempt(): Promise<Run | null> {
    this._isSubmitting = true;
    this._error = null;
    this._changed.emit();
    try {
      const run = await this._send();
      this._refusals += run === null ? 1 : 0;
      return run;
    } catch (error) {
      this._refuse(await failureFrom(error, this.options.exec.requester));
      return null;
    } finally {
      this._isSubmitting = false;
      this._changed.emit();
    }
  }

  private async _send(): Promise<Run | null> {
    const { exec, trans, initial } = this.options;
    const { subject, _state: state } = this;
    const faults: Partial<Record<FieldId, string[]>> = {};
    const complain = (field: FieldId, message: string) => {
      (faults[field] ??= []).push(message);
    };
    const provisions = await this._provisions(complain);
    this._valueFaults = faultsOf(subject.schema, state.values, trans);
    const send =
      subject.run === null
        ? this._submitting(provisions, complain)
        : this._rerunning(subject.run, provisions, complain);
    this._faults = faults;
    const isFaulty =
      Object.keys(faults).length > 0 ||
      Object.keys(this._valueFaults).length > 0;
    if (isFaulty) {
      return null;
    }
    if (subject.document?.isDirty) {
      await subject.document.save();
    }
    const run = await send();
    this._isMade = true;
    exec.store.add([run]);
    if (this.options.database !== null) {
      // The run is made: that its values are not remembered must not hide it.
      remember(this.options.database, subject, initial, state).catch(error =>
        console.warn('The values of a run could not be remembered.', error)
      );
    }
    return run;
  }

  private _submitting(
    provisions: IProvisions,
    complain: (field: FieldId, message: string) => void
  ): () => Promise<Run> {
    const { exec, trans } = this.options;
    const request = submitRequestOf(
      this.subject,
      this._state,
      provisions,
      trans,
      complain
    );
    return () => exec.runs.submit(request);
  }

  private _rerunning(
    run: Run,
    provisions: IProvisions,
    complain: (field: FieldId, message: string) => void
  ): () => Promise<Run> {
    const { exec, trans, initial, targets } = this.options;
    const request = rerunRequestOf(
      this.subject,
      initial,
      isContained(targets, initial.target),
      this._state,
      provisions,
      trans,
      complain
    );
    return () => exec.runs.rerun(run.runId, request);
  }

  private async _provisions(
    complain: (field: FieldId, message: string) => void
  ): Promise<IProvisions> {
    return {
      dependencies: await this._dependencies(complain),
      named: await this._named(complain),
      isContained: this.isContained,
      frameworks: this.options.frameworks
    };
  }

  private async _named(
    complain: (field: FieldId, message: string) => void
  ): Promise<EnvironmentDefinition | null> {
    const { trans } = this.options;
    const { environment, environmentName, environmentVersion } = this._state;
    if (environment !== 'named') {
      return null;
    }
    await this.load();
    const found = this._known.named.find(
      each =>
        each.name === environmentName &&
        (each.version ?? '') === environmentVersion
    );
    if (found === undefined) {
      complain(
        'environment',
        trans.__(
          'There is no environment %1 any more. Choose another one.',
          environmentName
        )
      );
    }
    return found?.definition ?? null;
  }

  private async _dependencies(
    complain: (field: FieldId, message: string) => void
  ): Promise<Dependencies | null> {
    const { environment, environmentFile } = this._state;
    if (environment !== 'file') {
      return null;
    }
    try {
      return await readEnvironmentFile(
        environmentFile.trim(),
        this.options.readText,
        path => this.options.exec.runs.environmentOf(path)
      );
    } catch (error) {
      const known = error instanceof EnvironmentFileError;
      const { exec, trans } = this.options;
      const cause = await failureFrom(error, exec.requester);
      complain(
        'environmentFile',
        known
          ? error.message
          : trans.__('%1 cannot be read: %2', environmentFile, cause.message)
      );
      return null;
    }
  }

  private _refuse(error: Error): void {
    this._refusals += 1;
    if (error instanceof RequestFailure && error.kind === 'refused') {
      const placed = placeSubmitFaults(error.faults, this.subject, this.fields);
      this._faults = placed.fields;
      this._valueFaults = placed.values;
      const told = error.faults.length > 0 && placed.rest.length === 0;
      this._error = told
        ? null
        : new RequestFailure(
            error.kind,
            placed.rest[0]?.message ?? error.message,
            placed.rest,
            error.status
          );
      return;
    }
    this._error = error;
  }

  private _state: ISubmitState;
  private _known: IKnown = NOTHING_KNOWN;
  private _knownError: Error | null = null;
  private _loading: Promise<void> | undefined;
  private _isDraft: boolean;
  private _faults: SubmitFaults = {};
  private _valueFaults: FieldFaults = {};
  private _error: Error | null = null;
  private _isSubmitting = false;
  private _isMade = false;
  private _pending: Promise<Run | null> = Promise.resolve(null);
  private _refusals = 0;
  private readonly _changed = new Signal<this, void>(this);
}
