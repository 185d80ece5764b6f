import '../../style/compare.css';

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ExecProvider, IExecContext, useExec } from '../components/context';
import { useSignal } from '../components/hooks';
import { Empty } from '../components/notice';
import { RunPicker } from '../components/runpicker';
import { execIcon } from '../icons';
import { CodeComparison } from './codecomparison';
import { CompareTable } from './comparetable';
import { Comparison, MOST_RUNS } from './comparison';
import { MetricComparison } from './metriccomparison';

/** Runs side by side in the main area. */
export class CompareDocument extends ReactWidget {
  constructor(
    private readonly _context: IExecContext,
    runIds: readonly string[],
    id: string
  ) {
    super();
    this.comparison = new Comparison(_context.model, runIds);
    this.id = id;
    this.addClass('jp-exec-compare');
    this.title.icon = execIcon;
    this.title.closable = true;
    this.comparison.idsChanged.connect(this._retitle, this);
    this._retitle();
  }

  /** What is compared. */
  readonly comparison: Comparison;

  override dispose(): void {
    this.comparison.dispose();
    super.dispose();
  }

  protected override render(): JSX.Element {
    return (
      <ExecProvider value={this._context}>
        <Body comparison={this.comparison} />
      </ExecProvider>
    );
  }

  private _retitle(): void {
    const { trans } = this._context;
    const ids = this.comparison.runIds;
    this.title.label = trans._n(
      'Compare %1 run',
      'Compare %1 runs',
      ids.length
    );
    this.title.caption = ids.join('\n');
  }
}

function Body({ comparison }: { comparison: Comparison }): JSX.Element {
  const { model, trans } = useExec();
  useSignal(comparison.changed);
  const runs = comparison.runs;
  return (
    <div className="jp-exec-compare-body">
      <div className="jp-exec-compare-bar">
        <RunPicker
          label={trans.__('Add a run')}
          placeholder={trans.__('Add a run')}
          isDisabled={comparison.isFull}
          spare={runs.length}
          fits={run => !comparison.runIds.includes(run.runId)}
          none={trans.__('No further run has this in its name.')}
          onPick={run => {
            model.store.add([run]);
            comparison.add(run.runId);
          }}
        />
        {comparison.isFull && (
          <span role="status">
            {trans.__('At most %1 runs can be compared.', MOST_RUNS)}
          </span>
        )}
      </div>
      {runs.length === 0 ? (
        <Empty title={trans.__('Nothing to compare yet')}>
          <p>{trans.__('Add two or more runs by their names.')}</p>
        </Empty>
      ) : (
        <>
          <CompareTable
            runs={runs}
            onRemove={runId => comparison.remove(runId)}
            onRetry={runId => comparison.read(runId)}
          />
          <MetricComparison runs={runs} />
          {runs.length > 1 && <CodeComparison runs={runs} />}
        </>
      )}
    </div>
  );
}
