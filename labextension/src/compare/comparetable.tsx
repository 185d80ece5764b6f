import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Swatch } from '../charts/legend';
import { formatValue } from '../charts/number';
import { useSame } from '../charts/same';
import { numberOf } from '../charts/series';
import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { failureText } from '../components/failure';
import { formatTime } from '../components/format';
import { Elapsed, StatusIcon, statusText } from '../components/status';
import type { Point } from '../types';
import type { ICompared } from './comparison';
import { bestOf, fieldsOf, IRow, isLessBetter, SectionId } from './differences';

/** Runs as columns; what differs as rows: metrics, parameters, arguments, environment, the rest. */
export function CompareTable(props: {
  runs: readonly ICompared[];
  onRemove: (runId: string) => void;
  onRetry: (runId: string) => void;
}): JSX.Element {
  const { trans } = useExec();
  const { runs } = props;
  const [isAll, setAll] = React.useState(false);
  const known = useSame(runs.map(({ run }) => run));
  const rows = React.useMemo(() => fieldsOf(known), [known]);
  const shown = rows.filter(row => isAll || row.differs);
  const sections = sectionTitles(trans);
  const columns = runs.length + 1;
  return (
    <section
      className="jp-exec-compare-section"
      aria-label={trans.__('Differences')}
    >
      <header>
        <h2>{trans.__('Differences')}</h2>
        <label>
          <input
            type="checkbox"
            checked={isAll}
            onChange={event => setAll(event.target.checked)}
          />
          {trans.__('Show what is the same, too')}
        </label>
      </header>
      <div
        className="jp-exec-compare-table"
        tabIndex={0}
        role="region"
        aria-label={trans.__('Runs side by side')}
      >
        <table className="jp-exec-table">
          <thead>
            <tr>
              <th scope="col">{trans.__('Run')}</th>
              {runs.map(compared => (
                <RunHeader
                  key={compared.runId}
                  {...props}
                  compared={compared}
                />
              ))}
            </tr>
          </thead>
          <MetricRows runs={runs} />
          {sections.map(([id, title]) => {
            const found = shown.filter(row => row.section === id);
            return (
              found.length > 0 && (
                <tbody key={id}>
                  <tr>
                    <th
                      className="jp-exec-compare-group"
                      scope="rowgroup"
                      colSpan={columns}
                    >
                      <span>{title}</span>
                    </th>
                  </tr>
                  {found.map(row => (
                    <FieldRow key={row.name} row={row} runs={runs} />
                  ))}
                </tbody>
              )
            );
          })}
        </table>
      </div>
      {shown.length === 0 && known.filter(Boolean).length > 1 && (
        <p className="jp-exec-chart-note">
          {trans.__(
            'Parameters, arguments, environment and definition are the same.'
          )}
        </p>
      )}
    </section>
  );
}

function sectionTitles(trans: TranslationBundle): [SectionId, string][] {
  return [
    ['parameters', trans.__('Parameters')],
    ['arguments', trans.__('Arguments')],
    ['environment', trans.__('Environment')],
    ['definition', trans.__('Definition')],
    ['run', trans.__('Run')]
  ];
}

function RunHeader(props: {
  compared: ICompared;
  onRemove: (runId: string) => void;
  onRetry: (runId: string) => void;
}): JSX.Element {
  const { commands, trans } = useExec();
  const { run, runId, error, look, isDeleted } = props.compared;
  const name = run?.displayName || runId;
  return (
    <th scope="col" className="jp-exec-compare-run">
      <div className="jp-exec-compare-name">
        <Swatch look={look} />
        {run && !isDeleted ? (
          <button
            className="jp-exec-link jp-exec-plain"
            title={`${name}\n${runId}`}
            onClick={() => void commands.execute(CommandIDs.openRun, { runId })}
          >
            {name}
          </button>
        ) : (
          <span title={`${name}\n${runId}`}>{name}</span>
        )}
        <button
          className="jp-exec-compare-remove"
          aria-label={trans.__('Remove %1 from the comparison', name)}
          title={trans.__('Remove from the comparison')}
          onClick={() => props.onRemove(runId)}
        >
          <closeIcon.react tag="span" width="12px" />
        </button>
      </div>
      {run && !isDeleted ? (
        <div className="jp-exec-compare-facts">
          <span className="jp-exec-trials-state">
            <StatusIcon status={run.status} />
            {statusText(trans, run.status)} <Elapsed run={run} />
          </span>
          <span title={run.experiment}>{run.experiment}</span>
          <time dateTime={run.createdAt}>{formatTime(run.createdAt)}</time>
        </div>
      ) : (
        <div className="jp-exec-compare-facts">
          {isDeleted ? (
            trans.__('This run was deleted.')
          ) : error ? (
            <>
              {failureText(trans, error)}{' '}
              <button
                className="jp-exec-link jp-exec-plain"
                onClick={() => props.onRetry(runId)}
              >
                {trans.__('Try again')}
              </button>
            </>
          ) : (
            trans.__('Reading…')
          )}
        </div>
      )}
    </th>
  );
}

function FieldRow(props: {
  row: IRow;
  runs: readonly ICompared[];
}): JSX.Element {
  const { row, runs } = props;
  return (
    <tr data-differs={row.differs || undefined}>
      <th scope="row" title={row.name}>
        {row.name}
      </th>
      {row.values.map((value, index) => (
        <td key={runs[index].runId} title={value ?? undefined}>
          {value ?? '–'}
        </td>
      ))}
    </tr>
  );
}

/** The last value of each metric; the best of a row is marked. */
function MetricRows({ runs }: { runs: readonly ICompared[] }): JSX.Element {
  const { trans } = useExec();
  const [turned, setTurned] = React.useState<ReadonlySet<string>>(new Set());
  const names = new Set<string>();
  for (const { metrics } of runs) {
    metrics.metrics?.forEach((_, name) => names.add(name));
  }
  if (names.size === 0) {
    return <></>;
  }
  const turn = (name: string) => {
    const next = new Set(turned);
    if (!next.delete(name)) {
      next.add(name);
    }
    setTurned(next);
  };
  return (
    <tbody>
      <tr>
        <th
          className="jp-exec-compare-group"
          scope="rowgroup"
          colSpan={runs.length + 1}
        >
          <span>{trans.__('Metrics, last values')}</span>
        </th>
      </tr>
      {[...names].map(name => {
        const last = runs.map(({ metrics }) => {
          const points: readonly Point[] = metrics.metrics?.get(name) ?? [];
          return points[points.length - 1]?.value;
        });
        const numbers = last.map(value =>
          value === undefined ? undefined : numberOf(value)
        );
        const less = isLessBetter(name) !== turned.has(name);
        const best = bestOf(numbers, less);
        const title = less
          ? trans.__('Less is better. Click to turn.')
          : trans.__('More is better. Click to turn.');
        return (
          <tr key={name}>
            <th scope="row" title={name}>
              {numbers.some(value => value !== undefined) && (
                <button
                  className="jp-exec-compare-goal"
                  aria-label={`${name}: ${title}`}
                  title={title}
                  onClick={() => turn(name)}
                >
                  {less ? '↓' : '↑'}
                </button>
              )}
              {name}
            </th>
            {last.map((value, index) => (
              <td
                key={runs[index].runId}
                data-best={best.has(index) || undefined}
                title={value === undefined ? undefined : String(value)}
              >
                {value === undefined
                  ? '–'
                  : typeof value === 'number'
                    ? formatValue(value)
                    : String(value)}
                {best.has(index) && (
                  <span role="img" aria-label={trans.__('Best')}>
                    {' ★'}
                  </span>
                )}
              </td>
            ))}
          </tr>
        );
      })}
    </tbody>
  );
}
