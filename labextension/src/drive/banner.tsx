import '../../style/banner.css';

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { ExecProvider, IExecContext, useExec } from '../components/context';
import { formatCount } from '../components/format';
import { useRun } from '../components/hooks';
import { StatusIcon, statusText } from '../components/status';
import type { ITableExtent } from './drive';

/** Whose file this is, above it in the viewer. */
export interface IBannerOptions {
  /** The run; null for a file of a snapshot. */
  readonly runId: string | null;
  /** The file's path, with the drive. */
  readonly path: string;
  /** How much of a table is shown; undefined where it is all of it, or none. */
  readonly extent?: ITableExtent;
}

/** A line above a document that tells which run has left it. */
export class FileBanner extends ReactWidget {
  constructor(
    private readonly _context: IExecContext,
    private readonly _options: IBannerOptions
  ) {
    super();
    this.addClass('jp-exec-banner');
  }

  protected override render(): JSX.Element {
    return (
      <ExecProvider value={this._context}>
        <Banner {...this._options} />
      </ExecProvider>
    );
  }
}

function Banner(props: IBannerOptions): JSX.Element {
  const { commands, trans } = useExec();
  const { extent, path, runId } = props;
  return (
    <div
      className="jp-exec-banner-line"
      role="note"
      aria-label={trans.__('About this file')}
    >
      {runId === null ? (
        <span>{trans.__('A file of the code of a run, read-only')}</span>
      ) : (
        <Origin runId={runId} />
      )}
      {extent !== undefined && extent.shown < extent.total && (
        <span className="jp-exec-banner-extent">
          {trans.__(
            'The first %1 of %2 rows',
            formatCount(extent.shown),
            formatCount(extent.total)
          )}
        </span>
      )}
      <span className="jp-exec-banner-actions">
        {runId !== null && (
          <button
            className="jp-exec-button"
            onClick={() => void commands.execute(CommandIDs.openRun, { runId })}
          >
            {trans.__('Open run')}
          </button>
        )}
        <button
          className="jp-exec-button"
          onClick={() => void commands.execute(CommandIDs.saveCopy, { path })}
        >
          {trans.__('Save a copy')}
        </button>
      </span>
    </div>
  );
}

/** The name and the state of the run, once they are known. */
function Origin({ runId }: { runId: string }): JSX.Element {
  const { model, trans } = useExec();
  const run = useRun(runId);
  React.useEffect(() => {
    if (model.store.get(runId) === undefined) {
      // A run that is gone keeps its id, and opening it tells more.
      model.store.fetch(runId).catch(() => undefined);
    }
  }, [model, runId]);
  if (run === undefined) {
    return <span>{trans.__('Output of run %1, read-only', runId)}</span>;
  }
  const name = run.displayName || runId;
  return (
    <>
      <StatusIcon status={run.status} />
      <span className="jp-exec-banner-origin" title={name}>
        {trans.__(
          'Output of run %1 (%2), read-only',
          name,
          statusText(trans, run.status).toLowerCase()
        )}
      </span>
    </>
  );
}
