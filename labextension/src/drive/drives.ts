import type { ExecModel } from '../model/exec';
import { IDriveOptions, ReadOnlyDrive } from './drive';
import type { IStoredFile } from './filelist';

/** How many runs the top folder lists: it is a way in, not a list of runs. */
const LISTED_RUNS = 100;

/** `exec:<runId>/...`: what runs have left. */
export class OutputsDrive extends ReadOnlyDrive {
  constructor(
    private readonly _model: ExecModel,
    options: Omit<IDriveOptions, 'requester'>
  ) {
    super({ ...options, requester: _model.requester });
  }

  readonly name = 'exec';

  override url(owner: string, path: string): string {
    return this._model.runs.outputUrl(owner, path);
  }

  protected override get refusal(): string {
    return this.options.trans.__(
      'Outputs of runs cannot be changed. Save a copy in a folder of yours instead.'
    );
  }

  override async owners(): Promise<string[]> {
    const { runs } = await this._model.runs.list({}, LISTED_RUNS);
    return runs.map(run => run.runId);
  }

  override files(owner: string): Promise<readonly IStoredFile[]> {
    return this._model.runs.outputs(owner);
  }
}

/** `exec-code:<snapshotId>/...`: the code that runs were started with. */
export class SnapshotsDrive extends ReadOnlyDrive {
  constructor(
    private readonly _model: ExecModel,
    options: Omit<IDriveOptions, 'requester'>
  ) {
    super({ ...options, requester: _model.requester });
  }

  readonly name = 'exec-code';

  override url(owner: string, path: string): string {
    return this._model.requester.url([
      'snapshots',
      owner,
      'files',
      ...path.split('/')
    ]);
  }

  protected override get refusal(): string {
    return this.options.trans.__(
      'The code of a run cannot be changed. Save a copy in a folder of yours instead.'
    );
  }

  /** Nobody knows a snapshot by its id: they are reached from their runs. */
  override async owners(): Promise<string[]> {
    return [];
  }

  override async files(owner: string): Promise<readonly IStoredFile[]> {
    const { files } = await this._model.runs.manifest(owner);
    return files.map(file => ({
      path: file.path,
      sizeBytes: 'size' in file ? file.size : 0,
      modifiedAt: null,
      ...('link' in file ? { link: file.link } : {})
    }));
  }
}
