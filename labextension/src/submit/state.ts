/** What the dialog holds: the thing to run, and what a person has said about it. No DOM. */
import type { INotebookContent } from '@jupyterlab/nbformat';

import type { FormValues, IValuesSchema } from '../model/schema';
import type { ExecSettings } from '../model/settings';
import type { Run } from '../types';

/** What is submitted. */
export type SubjectKind =
  'notebook' | 'cells' | 'script' | 'shell' | 'folder' | 'rerun';

/** A document that is open in the application. */
export interface IOpenDocument {
  readonly isDirty: boolean;
  /** Save it; rejects where that did not succeed. */
  save(): Promise<void>;
}

/** Something that can be run. */
export interface ISubject {
  readonly kind: SubjectKind;
  /** Below the server's root; the key under which the last values are kept. */
  readonly path: string;
  /** The folder that becomes the snapshot; null where the server cannot read it. */
  readonly folder: string | null;
  /** What is run in that folder; empty for a folder. */
  readonly fileName: string;
  /** What the run is called unless somebody says otherwise. */
  readonly name: string;
  /** The experiment unless somebody says otherwise. */
  readonly experiment: string;
  /** The notebook, or the text of the script, where the server cannot read its file. */
  readonly content: INotebookContent | string | null;
  /** Makes the notebook of the selected cells. */
  readonly cells?: (above: boolean) => INotebookContent;
  /** How many code cells are selected. */
  readonly cellCount?: number;
  /** The kernelspec that the notebook asks for. */
  readonly kernel: string | null;
  /** The program that runs a shell script, with its arguments. */
  readonly shell: readonly string[];
  /** What the notebook's parameters cell declares. */
  readonly schema: IValuesSchema;
  /** What the server has to say about the parameters. */
  readonly hints: readonly string[];
  /** Parameters that are given to the run even where nobody has changed them. */
  readonly exact?: readonly string[];
  /** The run that is run again. */
  readonly run: Run | null;
  /** The file as it is open, where it is. */
  readonly document: IOpenDocument | null;
  /** Whether it takes parameters of a notebook. */
  readonly takesParameters: boolean;
}

/** Where the Python of a run comes from. */
export type EnvironmentChoice =
  /** As it was in the run that is run again. */
  | 'keep'
  | 'server'
  | 'kernel'
  | 'interpreter'
  /** One that a run has given a name. */
  | 'named'
  | 'file';

/** A secret: a variable of the run's processes whose value is stored nowhere. */
export interface ISecret {
  readonly name: string;
  readonly value: string;
}

/** What a person has said; text fields as they were typed. */
export interface ISubmitState {
  readonly name: string;
  readonly experiment: string;
  readonly target: string;
  /** Of a folder: run a script or a command. */
  readonly what: 'script' | 'command';
  readonly script: string;
  readonly command: string;
  readonly arguments: string;
  /** Of the parameters cell. */
  readonly values: FormValues;
  /** Parameters that no cell declares, one `name=value` a line. */
  readonly others: string;
  readonly environment: EnvironmentChoice;
  readonly kernel: string;
  readonly interpreter: string;
  readonly environmentFile: string;
  /** Name and version of a named environment; the version may be empty. */
  readonly environmentName: string;
  readonly environmentVersion: string;
  /** Of the container, on a target that has them. */
  readonly image: string;
  /** Of a script or a command; all empty = one process. */
  readonly framework: string;
  readonly communicator: string;
  /** Of the whole job. */
  readonly processes: string;
  readonly nodes: string;
  readonly cpus: string;
  readonly memory: string;
  readonly gpus: string;
  readonly timeLimit: string;
  readonly retries: string;
  readonly tags: string;
  readonly variables: string;
  readonly secrets: readonly ISecret[];
  readonly files: string;
  readonly link: string;
  /** Take the folder however large it is. */
  readonly large: boolean;
  /** Of selected cells: with all code cells above them. */
  readonly above: boolean;
}

/** A field of the dialog, for faults; `resources` is all of them together. */
export type FieldId = keyof ISubmitState | 'resources';

/** What is wrong, by field; `values` are told apart in `ISubmitFaults.values`. */
export type SubmitFaults = Readonly<
  Partial<Record<FieldId, readonly string[]>>
>;

/** The state that a dialog begins with where nothing is remembered. */
export function initialState(
  subject: ISubject,
  settings: ExecSettings,
  values: FormValues
): ISubmitState {
  return {
    name: subject.name,
    experiment: settings.get('defaultExperiment') || subject.experiment,
    target: settings.get('defaultTarget'),
    what: 'script',
    script: '',
    command: '',
    arguments: '',
    values,
    others: '',
    environment:
      subject.takesParameters && subject.kernel ? 'kernel' : 'server',
    kernel: subject.kernel ?? '',
    interpreter: '',
    environmentFile: '',
    environmentName: '',
    environmentVersion: '',
    image: '',
    framework: '',
    communicator: '',
    processes: '',
    nodes: '',
    cpus: settings.get('defaultCpus'),
    memory: settings.get('defaultMemory'),
    gpus: settings.get('defaultGpus'),
    timeLimit: settings.get('defaultTimeLimit'),
    retries: settings.get('defaultRetries'),
    tags: settings.get('defaultTags'),
    variables: '',
    secrets: [],
    files: '',
    link: '',
    large: false,
    above: false
  };
}

/** What of a folder is most likely to be run: `main.py`, else its only script; else nothing. */
export function likelyScript(scripts: readonly string[]): string {
  return scripts.includes('main.py')
    ? 'main.py'
    : scripts.length === 1
      ? scripts[0]
      : '';
}
