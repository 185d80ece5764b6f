import * as React from 'react';

import { brushed, Brush, Brushes, parallelAxes } from '../charts/parallel';
import { formatValue } from '../charts/number';
import { useVisible } from '../charts/visible';
import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { useNow, usePaced, useSignal } from '../components/hooks';
import { Empty, Failure } from '../components/notice';
import { isTerminal } from '../model/lifecycle';
import type { Run, SweepTrials } from '../types';
import { TrialCharts } from './trialcharts';
import { parameterNames, TrialsModel } from './trialsmodel';
import { TrialTable } from './trialtable';

const NO_BRUSHES: Brushes = new Map();
/** While a sweep runs, its charts are drawn at most once in this time. */
const DRAW_MS = 1000;

/** A sweep: what it came to, pictures, and the table of its trials. */
export function Sweep({ run }: { run: Run }): JSX.Element {
  const { model, trans } = useExec();
  const trials = React.useMemo(
    () =>
      new TrialsModel(run.runId, model.runs, model.store, model.stream.reset),
    [model, run.runId]
  );
  useSignal(trials.changed);
  const host = React.useRef<HTMLDivElement>(null);
  const isVisible = useVisible(host);
  React.useEffect(() => {
    void trials.load();
    return () => trials.dispose();
  }, [trials]);
  React.useEffect(() => {
    trials.isVisible = isVisible;
  }, [trials, isVisible]);
  const { data, error } = trials;
  return (
    <div ref={host} className="jp-exec-trials" aria-busy={data === null}>
      {error && <Failure error={error} onRetry={() => void trials.load()} />}
      {data !== null && data.trials.length === 0 && (
        <Empty title={trans.__('No trial has been started yet')} />
      )}
      {data !== null && data.trials.length > 0 && (
        <Trials run={run} data={data} />
      )}
    </div>
  );
}

function Trials(props: { run: Run; data: SweepTrials }): JSX.Element {
  const { commands, trans } = useExec();
  const { run, data } = props;
  const { trials, best } = data;
  const metric = data.sweep.metric ?? null;
  const goal = data.sweep.goal ?? 'minimize';
  const [brushes, setBrushes] = React.useState(NO_BRUSHES);
  const [hovered, setHovered] = React.useState<string | null>(null);
  const [selected, setSelected] = React.useState<ReadonlySet<string>>(
    new Set()
  );
  const now = useNow(trials.some(trial => !isTerminal(trial.status)));
  const drawn = usePaced(data, isTerminal(run.status) ? 0 : DRAW_MS);
  const names = React.useMemo(() => parameterNames(drawn), [drawn]);
  const rows = React.useMemo(
    () =>
      drawn.trials.map(trial => ({
        id: trial.runId,
        values: {
          ...Object.fromEntries(
            names.map(name => [`params.${name}`, trial.parameters[name]])
          ),
          metric: trial.metric
        }
      })),
    [drawn, names]
  );
  const axes = React.useMemo(() => {
    const space = data.sweep.space ?? {};
    const columns = names.map(name => ({
      name: `params.${name}`,
      label: name,
      log:
        space[name] !== undefined &&
        'loguniform' in space[name] &&
        space[name].loguniform !== null
          ? true
          : undefined
    }));
    const last = metric ? [{ name: 'metric', label: metric, log: false }] : [];
    return parallelAxes([...columns, ...last], rows);
  }, [names, rows, metric, data.sweep.space]);
  const shown = brushed(axes, rows, brushes);
  const visible = shown
    ? trials.filter(trial => shown.has(trial.runId))
    : trials;
  const open = (runId: string) =>
    void commands.execute(CommandIDs.openRun, { runId });
  const onBrush = (name: string, brush: Brush | null) => {
    const next = new Map(brushes);
    next.delete(name);
    setBrushes(brush === null ? next : next.set(name, brush));
  };
  const chosen = visible.filter(trial => selected.has(trial.runId));
  return (
    <>
      <div className="jp-exec-trials-bar">
        <Summary run={run} data={data} onOpen={open} />
        <span className="jp-exec-trials-buttons">
          {best !== null &&
            commands.hasCommand(CommandIDs.rerunWithChanges) && (
              <button
                className="jp-exec-button"
                onClick={() =>
                  void commands.execute(CommandIDs.rerunWithChanges, {
                    runId: best
                  })
                }
              >
                {trans.__('Use best parameters…')}
              </button>
            )}
          {!isTerminal(run.status) &&
            commands.hasCommand(CommandIDs.cancelRun) && (
              <button
                className="jp-exec-button"
                disabled={run.status === 'CancelRequested'}
                onClick={() =>
                  void commands.execute(CommandIDs.cancelRun, {
                    runId: run.runId
                  })
                }
              >
                {trans.__('Cancel sweep')}
              </button>
            )}
        </span>
      </div>
      <TrialCharts
        trials={drawn.trials}
        parameters={names}
        metric={metric}
        goal={goal}
        best={drawn.best}
        axes={axes}
        brushes={brushes}
        shown={shown}
        hovered={hovered}
        onBrush={onBrush}
        onHover={setHovered}
        onOpen={open}
      />
      <div className="jp-exec-trials-bar">
        <span role="status">
          {shown !== null &&
            trans.__('%1 of %2 trials', visible.length, trials.length)}{' '}
          {shown !== null && (
            <button
              className="jp-exec-link jp-exec-plain"
              onClick={() => setBrushes(NO_BRUSHES)}
            >
              {trans.__('Show all')}
            </button>
          )}
        </span>
        <span className="jp-exec-trials-buttons">
          <button
            className="jp-exec-button"
            disabled={chosen.length < 2}
            title={trans.__('Select at least two trials to compare them')}
            onClick={() =>
              void commands.execute(CommandIDs.compare, {
                runIds: chosen.map(trial => trial.runId)
              })
            }
          >
            {chosen.length < 2
              ? trans.__('Compare')
              : trans.__('Compare %1 trials', chosen.length)}
          </button>
        </span>
      </div>
      <TrialTable
        trials={visible}
        parameters={names}
        metric={metric}
        best={best}
        now={now}
        hovered={hovered}
        selected={selected}
        onSelect={setSelected}
        onHover={setHovered}
        onOpen={open}
      />
    </>
  );
}

function Summary(props: {
  run: Run;
  data: SweepTrials;
  onOpen: (runId: string) => void;
}): JSX.Element {
  const { trans } = useExec();
  const { run, data } = props;
  const { trials } = data;
  const ended = trials.filter(trial => isTerminal(trial.status)).length;
  const failed = trials.filter(trial => trial.status === 'Failed').length;
  const early = trials.filter(trial => trial.stoppedEarly).length;
  const total = run.progress?.total;
  const count = Math.max(
    trials.length,
    typeof total === 'number' ? total : 0,
    data.sweep.count ?? 0
  );
  const best = trials.find(trial => trial.runId === data.best);
  return (
    <span className="jp-exec-trials-summary">
      <strong>{trans.__('%1 of %2 ended', ended, count)}</strong>
      {failed > 0 && <span>{trans.__('%1 failed', failed)}</span>}
      {early > 0 && <span>{trans.__('%1 stopped early', early)}</span>}
      {best && best.metric !== null && (
        <span>
          {trans.__(
            'best %1: %2',
            data.sweep.metric ?? '',
            formatValue(best.metric)
          )}{' '}
          <button
            className="jp-exec-link jp-exec-plain"
            onClick={() => props.onOpen(best.runId)}
          >
            {trans.__('trial %1', best.number)}
          </button>
        </span>
      )}
    </span>
  );
}
