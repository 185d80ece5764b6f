import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ISignal, Signal } from '@lumino/signaling';

/** The settings of this extension, with the names and defaults of `schema/plugin.json`. */
export const DEFAULT_SETTINGS = {
  /** The compute target that the dialog begins with; empty = the server's own choice. */
  defaultTarget: '',
  /** What a new run asks for; empty = what the server gives by default. */
  defaultCpus: '',
  defaultMemory: '',
  defaultGpus: '',
  defaultTimeLimit: '',
  defaultRetries: '',
  /** The experiment of new runs; empty = the name of the folder. */
  defaultExperiment: '',
  /** `name=value`, separated by commas. */
  defaultTags: '',
  /** Whether the dialog begins with what was given for the same file the last time. */
  rememberLast: true,
  /** Whether a run is opened as soon as it was submitted. */
  openAfterSubmit: false
};

/** The values of all settings. */
export type ExecSettingValues = typeof DEFAULT_SETTINGS;

/** The settings as they are now; the defaults where an application has no settings. */
export class ExecSettings {
  /** A setting has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get<K extends keyof ExecSettingValues>(name: K): ExecSettingValues[K] {
    return this._values[name];
  }

  /** Follow the settings that a person edits. */
  follow(settings: ISettingRegistry.ISettings): void {
    const read = () => {
      this._values = {
        ...DEFAULT_SETTINGS,
        ...(settings.composite as Partial<ExecSettingValues>)
      };
      this._changed.emit();
    };
    settings.changed.connect(read);
    read();
  }

  private _values: ExecSettingValues = DEFAULT_SETTINGS;
  private readonly _changed = new Signal<this, void>(this);
}
