import { ISignal, Signal } from '@lumino/signaling';

import { RequestFailure } from '../server/errors';
import type {
  ErrorDetail,
  Space,
  SweepRequest,
  TemplateRunRequest,
  TemplateSchema
} from '../types';
import { IRunSettings, settingFault, SETTINGS, tagsOf } from './runsettings';
import {
  emptySpace,
  ISpaceInput,
  numberOf,
  parseSpace,
  SpaceWay,
  trialCount
} from './sweepspace';
import {
  Entry,
  entryOf,
  faultOf,
  fieldsOf,
  givenOf,
  IFault,
  IField,
  Validate
} from './templatefields';

/**
 * A template's form: what is filled in, what is wrong with it, and the request that it makes.
 *
 * Secrets are held here only until they are sent.
 */
export class TemplateFormModel {
  /**
   * @param schema - of the template's values.
   * @param validate - checks a value with a JSON Schema.
   * @param params - values to begin with, in place of the defaults.
   */
  constructor(
    schema: TemplateSchema,
    private readonly _validate: Validate,
    params: Readonly<Record<string, unknown>> = {}
  ) {
    this.fields = fieldsOf(schema);
    this._fields = new Map(this.fields.map(field => [field.key, field]));
    for (const field of this.fields) {
      const given = field.isSecret ? undefined : params[field.name];
      this._entries[field.key] =
        given === undefined
          ? field.initial
          : entryOf(field.schema, field.options, given);
    }
  }

  /** In the order in which they are shown. */
  readonly fields: readonly IField[];

  /** Anything of it has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What the fields hold, by key. */
  get entries(): Readonly<Record<string, Entry>> {
    return this._entries;
  }

  get settings(): IRunSettings {
    return this._settings;
  }

  /** Whether parameters may take several values. */
  get isSweep(): boolean {
    return this._isSweep;
  }

  /** What the server said that belongs to no field. */
  get others(): readonly ErrorDetail[] {
    return this._others;
  }

  /** Why it was not taken, where that is not about what was filled in. */
  get failure(): Error | null {
    return this._failure;
  }

  field(key: string): IField {
    return this._fields.get(key) as IField;
  }

  /** What was typed as the values that a parameter takes; undefined where it takes one. */
  space(key: string): ISpaceInput | undefined {
    return this._isSweep ? this._spaces.get(key) : undefined;
  }

  setEntries(entries: Readonly<Record<string, Entry | undefined>>): void {
    for (const { key } of this.fields) {
      const entry = entries[key] ?? '';
      if (entry !== this._entries[key]) {
        this._entries = { ...this._entries, [key]: entry };
        this._told.delete(key);
      }
    }
    this._emit();
  }

  setSettings(settings: Partial<IRunSettings>): void {
    this._settings = { ...this._settings, ...settings };
    for (const name of Object.keys(settings)) {
      this._told.delete(name);
    }
    this._emit();
  }

  setSweep(isSweep: boolean): void {
    this._isSweep = isSweep;
    this._told.clear();
    this._emit();
  }

  /** Let a parameter take its values this way; null = one value. */
  setWay(key: string, way: SpaceWay | null): void {
    if (way === null) {
      this._spaces.delete(key);
      this._told.delete(key);
      this._touched.delete(key);
      this._emit();
    } else {
      this.setSpace(key, {
        ...(this._spaces.get(key) ?? emptySpace(way)),
        way
      });
    }
  }

  setSpace(key: string, input: ISpaceInput): void {
    this._spaces.set(key, input);
    this._told.delete(key);
    this._emit();
  }

  /** Somebody has left this field; what is wrong with it is shown from now on. */
  touch(key: string): void {
    if (!this._touched.has(key)) {
      this._touched.add(key);
      this._emit();
    }
  }

  /** Somebody wants to send it; everything that is wrong is shown from now on. */
  touchAll(): void {
    this._all = true;
    this._emit();
  }

  /** What is shown beside a field or a setting; null where nothing is. */
  shownFault(key: string): IFault | null {
    const told = this._told.get(key);
    if (told !== undefined) {
      return { kind: 'told', detail: told };
    }
    return this._all || this._touched.has(key) ? this.faultAt(key) : null;
  }

  /** What is wrong with a field or a setting. */
  faultAt(key: string): IFault | null {
    const field = this._fields.get(key);
    if (field === undefined) {
      return settingFault(
        this._settings,
        key as keyof IRunSettings,
        this._isSweep
      );
    }
    const input = this.space(key);
    if (input === undefined) {
      return faultOf(field, this._entries[key], this._validate);
    }
    const parsed = parseSpace(input, field.kind, field.options !== null);
    return parsed.problem === null
      ? null
      : { kind: 'space', detail: `${parsed.problem} ${parsed.at}`.trim() };
  }

  /** The keys of all that is wrong, in the order in which they are shown. */
  get faulty(): string[] {
    const keys = [
      ...this.fields.map(field => field.key),
      ...Object.keys(SETTINGS)
    ];
    return keys.filter(
      key => this._told.has(key) || this.faultAt(key) !== null
    );
  }

  /** Whether the values are drawn, as was chosen or as they make it necessary. */
  get sampling(): 'grid' | 'random' {
    return this.isEndless ? 'random' : this._settings.sampling || 'grid';
  }

  /** Whether one of the parameters takes endlessly many values, so that there is no grid. */
  get isEndless(): boolean {
    return Object.values(this._parsedSpaces()).some(
      space => space.uniform || space.loguniform
    );
  }

  /** How many parameters differ. */
  get spaceCount(): number {
    return this._isSweep ? this._spaces.size : 0;
  }

  /** How many trials there will be; null while a space is not filled in. */
  get trials(): number | null {
    const spaces = Object.values(this._parsedSpaces());
    if (spaces.length === 0 || spaces.length < this.spaceCount) {
      return null;
    }
    return trialCount(spaces, this.sampling, numberOf(this._settings.trials));
  }

  /** The body of `POST templates/{name}/runs`. */
  runRequest(): Partial<TemplateRunRequest> {
    return { params: this._params(), ...this._common() };
  }

  /** The body of `POST templates/{name}/sweeps`. */
  sweepRequest(): Partial<SweepRequest> {
    const { metric, goal, earlyStopping, seed } = this._settings;
    const trials = numberOf(this._settings.trials);
    const maxParallel = numberOf(this._settings.maxParallel);
    return {
      params: this._params(),
      space: this._parsedSpaces() as Record<string, Space>,
      sampling: this.sampling,
      ...(trials === null ? {} : { trials }),
      ...(maxParallel === null ? {} : { maxParallel }),
      ...(metric.trim() === '' ? {} : { metric: metric.trim(), goal }),
      ...(earlyStopping === 'none' ? {} : { earlyStopping }),
      ...(numberOf(seed) === null ? {} : { seed: Number(seed) }),
      ...this._common()
    };
  }

  /** Put what the server said against the request beside the fields that it is about. */
  refuse(failure: Error): void {
    this._told.clear();
    const isRefused =
      failure instanceof RequestFailure && failure.kind === 'refused';
    const faults = isRefused ? failure.faults : [];
    this._others = [];
    this._failure = faults.length === 0 ? failure : null;
    for (const fault of faults) {
      const key = this._keyOf(fault.target ?? '');
      if (key === null) {
        this._others = [...this._others, fault];
      } else if (!this._told.has(key)) {
        this._told.set(key, this._wordsFor(key, fault.message));
      }
    }
    this._emit();
  }

  /** It was sent: forget secrets and faults; the other values stay for the next time. */
  accepted(): void {
    for (const field of this.fields.filter(each => each.isSecret)) {
      this._entries = { ...this._entries, [field.key]: '' };
    }
    this._told.clear();
    this._touched.clear();
    this._others = [];
    this._failure = null;
    this._all = false;
    this._emit();
  }

  private _params(): Record<string, unknown> {
    const params: [string, unknown][] = [];
    for (const field of this.fields) {
      const entry = this._entries[field.key];
      const given = givenOf(field, entry);
      // What is as the template has it is left to the template, whose own spelling then counts.
      const isOwn = entry === field.initial && !field.isRequired;
      if (
        this.space(field.key) === undefined &&
        given !== undefined &&
        !isOwn
      ) {
        params.push([field.name, given]);
      }
    }
    return Object.fromEntries(params);
  }

  private _parsedSpaces(): Record<string, Partial<Space>> {
    const spaces: [string, Partial<Space>][] = [];
    for (const field of this.fields) {
      const input = this.space(field.key);
      const parsed =
        input && parseSpace(input, field.kind, field.options !== null);
      if (parsed?.problem === null) {
        spaces.push([field.name, parsed.space]);
      }
    }
    return Object.fromEntries(spaces);
  }

  private _common(): Partial<TemplateRunRequest> {
    const { displayName, experiment } = this._settings;
    const tags = tagsOf(this._settings.tags);
    return {
      ...(displayName.trim() === '' ? {} : { displayName: displayName.trim() }),
      ...(experiment.trim() === '' ? {} : { experiment: experiment.trim() }),
      ...(Object.keys(tags).length === 0 ? {} : { tags })
    };
  }

  private _keyOf(target: string): string | null {
    const [root] = target.split(/[.[]/, 1);
    if (root === 'params' || root === 'space') {
      const rest = target.slice(root.length + 1);
      const field =
        this.fields.find(each => each.name === rest) ??
        // space.lr.choice[2]: the longest name that it can be
        this.fields
          .filter(each => /^[.[]/.test(rest.slice(each.name.length)))
          .filter(each => rest.startsWith(each.name))
          .sort((one, other) => other.name.length - one.name.length)[0];
      return field?.key ?? null;
    }
    return root in SETTINGS ? root : null;
  }

  private _wordsFor(key: string, message: string): string {
    const name = this._fields.get(key)?.name;
    return name !== undefined && message.startsWith(`${name}: `)
      ? message.slice(name.length + 2)
      : message;
  }

  private _emit(): void {
    this._changed.emit();
  }

  private readonly _fields: ReadonlyMap<string, IField>;
  private _entries: Record<string, Entry> = {};
  private _settings: IRunSettings = SETTINGS;
  private _isSweep = false;
  private readonly _spaces = new Map<string, ISpaceInput>();
  private readonly _touched = new Set<string>();
  private readonly _told = new Map<string, string>();
  private _others: readonly ErrorDetail[] = [];
  private _failure: Error | null = null;
  private _all = false;
  private readonly _changed = new Signal<this, void>(this);
}
