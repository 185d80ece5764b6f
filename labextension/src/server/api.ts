import type {
  ActionRequest,
  ActionResult,
  Datastore,
  EnvironmentDefinition,
  EnvironmentList,
  ExperimentList,
  IRunFilter,
  IRunPage,
  Log,
  LogList,
  Manifest,
  Metrics,
  Output,
  OutputList,
  RerunRequest,
  Run,
  RunLock,
  RunEvent,
  SubmitRequest,
  SweepTrials,
  Target,
  TargetList,
  TensorBoard
} from '../types';
import { Requester } from './request';

/** Our own routes about runs, one method each. Source: `notebooks/rest.md`. */
export class RunsApi {
  constructor(readonly requester: Requester) {}

  /** A page of runs, newest first. */
  list(
    filter: IRunFilter,
    limit: number,
    cursor?: string | null
  ): Promise<IRunPage> {
    return this.requester.get(['runs'], {
      ...filter,
      status: filter.status?.join(','),
      top: filter.top || undefined,
      limit,
      cursor: cursor ?? undefined
    });
  }

  get(runId: string): Promise<Run> {
    return this.requester.get(['runs', runId]);
  }

  submit(request: Partial<SubmitRequest>): Promise<Run> {
    return this.requester.write('POST', ['runs'], request);
  }

  cancel(runId: string): Promise<Run> {
    return this.requester.write('POST', ['runs', runId, 'cancel']);
  }

  rerun(runId: string, changes: Partial<RerunRequest> = {}): Promise<Run> {
    return this.requester.write('POST', ['runs', runId, 'rerun'], changes);
  }

  /** Keep a run from the limits of the server, or let it go again. */
  pin(runId: string, pinned: boolean): Promise<Run> {
    return this.requester.write('PATCH', ['runs', runId], { pinned });
  }

  delete(runId: string): Promise<void> {
    return this.requester.write('DELETE', ['runs', runId]);
  }

  /** Do the same to many runs; the answer tells for each what it came to. */
  async act(request: ActionRequest): Promise<ActionResult[]> {
    const answer = await this.requester.write<{ results: ActionResult[] }>(
      'POST',
      ['run-actions'],
      request
    );
    return answer.results;
  }

  /** A page of experiments, those with the newest runs first; `q` is part of the name. */
  experiments(
    limit: number,
    q?: string,
    cursor?: string | null
  ): Promise<ExperimentList> {
    return this.requester.get(['experiments'], {
      q,
      limit,
      cursor: cursor ?? undefined
    });
  }

  async logs(runId: string): Promise<Log[]> {
    return (await this.logList(runId)).logs;
  }

  logList(runId: string): Promise<LogList> {
    return this.requester.get(['runs', runId, 'logs']);
  }

  async outputs(runId: string): Promise<Output[]> {
    return (await this.outputList(runId)).outputs;
  }

  /** The outputs, and whether there is something for TensorBoard to show. */
  outputList(runId: string): Promise<OutputList> {
    return this.requester.get(['runs', runId, 'outputs']);
  }

  /** Start TensorBoard on what a run has written, or find it; it takes seconds to start. */
  tensorBoard(runId: string): Promise<TensorBoard> {
    return this.requester.write('POST', ['runs', runId, 'tensorboard']);
  }

  /** Where an output can be read or downloaded. */
  outputUrl(runId: string, path: string): string {
    return this.requester.url(['runs', runId, 'outputs', ...path.split('/')]);
  }

  /**
   * The points of a run, of one metric where it is named; of each at most `points` where that is
   * given, the least and the greatest among them.
   */
  metrics(runId: string, points?: number, name?: string): Promise<Metrics> {
    return this.requester.get(['runs', runId, 'metrics'], { points, name });
  }

  /** What has happened to a run, oldest first. */
  async events(runId: string): Promise<RunEvent[]> {
    const answer = await this.requester.get<{ events: RunEvent[] }>([
      'runs',
      runId,
      'events'
    ]);
    return answer.events;
  }

  trials(runId: string): Promise<SweepTrials> {
    return this.requester.get(['runs', runId, 'trials']);
  }

  /** The files of a snapshot. */
  manifest(snapshotId: string): Promise<Manifest> {
    return this.requester.get(['snapshots', snapshotId]);
  }

  /** What the environment of a run turned out to be; `notFound` where it has none of its own. */
  environment(runId: string): Promise<RunLock> {
    return this.requester.get(['runs', runId, 'environment']);
  }

  /** Environments that have a name, and those that are built. */
  environments(): Promise<EnvironmentList> {
    return this.requester.get(['environments']);
  }

  /** What a `pyproject.toml` or its lock needs; `path` is below the server's root. */
  async environmentOf(path: string): Promise<EnvironmentDefinition> {
    const answer = await this.requester.write<{
      environment: EnvironmentDefinition;
    }>('POST', ['environment-drafts'], { path });
    return answer.environment;
  }

  /** Where data references may point; `check` asks each store whether it answers. */
  async datastores(check = false): Promise<Datastore[]> {
    const answer = await this.requester.get<{ datastores: Datastore[] }>(
      ['datastores'],
      { check: check ? 1 : undefined }
    );
    return answer.datastores;
  }

  async targets(): Promise<Target[]> {
    return (await this.offered()).targets;
  }

  /** The targets, and the frameworks that runs can be of. */
  offered(): Promise<TargetList> {
    return this.requester.get(['targets']);
  }
}
