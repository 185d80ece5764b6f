/** Short names for what travels; the shapes themselves are generated into `wire.ts`. */
import type { components } from './wire';

type Schemas = components['schemas'];

export type Run = Schemas['Run'];
export type RunStatus = Schemas['RunStatus'];
export type RunError = Schemas['RunError'];
export type Progress = NonNullable<Schemas['Run']['progress']>;
export type RunDefinition = Schemas['RunDefinition'];
export type SubmitRequest = Schemas['SubmitRequest'];
export type RerunRequest = Schemas['RerunRequest'];
export type Log = Schemas['Log'];
export type LogList = Schemas['LogList'];
export type Output = Schemas['Output'];
export type OutputList = Schemas['OutputList'];
export type Metrics = Schemas['Metrics'];
export type Point = Schemas['Point'];
export type CodeDiff = Schemas['CodeDiff'];
export type Manifest = Schemas['Manifest'];
export type Target = Schemas['Target'];
export type TargetList = Schemas['TargetList'];
export type FrameworkView = Schemas['FrameworkView'];
export type TensorBoard = Schemas['TensorBoard'];
export type EnvironmentList = Schemas['EnvironmentList'];
export type EnvironmentView = Schemas['NamedEnvironment'];
export type EnvironmentDefinition = Schemas['EnvironmentDefinition'];
export type BuiltEnvironment = Schemas['BuiltEnvironment'];
export type Datastore = Schemas['DatastoreView'];
/** An image that containers of a run were made of; `digest` is null where it was not pulled. */
export interface IRunImage {
  readonly reference: string;
  readonly id: string;
  readonly digest: string | null;
}
/** Older servers do not tell the images. */
export type RunLock = Schemas['RunLock'] & {
  readonly images?: readonly IRunImage[];
};
export type Template = Schemas['Template'];
export type TemplateDraft = Schemas['TemplateDraft'];
export type TemplateSchema = Schemas['TemplateSchema'];
export type TemplateRunRequest = Schemas['TemplateRunRequest'];
export type SweepRequest = Schemas['SweepRequest'];
export type Space = Schemas['Space'];
export type SweepTrials = Schemas['SweepTrials'];
export type SweepTrial = Schemas['SweepTrial'];
export type ErrorDetail = Schemas['ErrorDetail'];
export type Experiment = Schemas['Experiment'];
export type ExperimentList = Schemas['ExperimentList'];
export type ActionRequest = Schemas['ActionRequest'];
export type ActionResult = Schemas['ActionResult'];

/** What the event stream brings; `id` is the `Last-Event-ID`. */
export type RunEvent = Schemas['EventList']['events'][number];

/** What narrows a list of runs, with the names of the query of `GET runs`. */
export interface IRunFilter {
  readonly q?: string;
  readonly status?: readonly RunStatus[];
  readonly experiment?: string;
  readonly target?: string;
  readonly tag?: string;
  readonly parent?: string;
  readonly template?: string;
  /** Only runs without a parent. */
  readonly top?: boolean;
}

/** A page of runs; `next` is the cursor of the page after it. */
export interface IRunPage {
  readonly runs: Run[];
  readonly next: string | null;
  readonly total: number;
}
