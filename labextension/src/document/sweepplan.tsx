import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatValue } from '../charts/number';
import { TrialsModel } from '../children/trialsmodel';
import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { useRun, useSignal } from '../components/hooks';
import { Failure } from '../components/notice';
import type { Run, RunDefinition, Space, SweepTrials } from '../types';
import { Field, Values } from './fields';
import { Surroundings } from './surroundings';
import { useVisible } from './visible';

type Plan = NonNullable<RunDefinition['sweep']>;

/** What a sweep was asked to do, its best trial so far, and what each trial runs in. */
export function SweepPlan(props: { run: Run; plan: Plan }): JSX.Element {
  const { trans } = useExec();
  const { plan, run } = props;
  const { data, error, load } = useTrials(run);
  const trialId = data?.best ?? data?.trials[0]?.runId;
  return (
    <>
      <section className="jp-exec-section">
        <h3>{trans.__('Sweep')}</h3>
        {error && <Failure error={error} onRetry={load} />}
        <dl className="jp-exec-fields">
          <Field name={trans.__('Template')}>
            {trans.__('%1, version %2', plan.template, plan.version)}
          </Field>
          <Field name={trans.__('Sampling')}>{samplingText(trans, plan)}</Field>
          <Field name={trans.__('Trials')}>{plan.count}</Field>
          <Field name={trans.__('At a time')}>
            {plan.maxParallel ?? trans.__('as many as the target takes')}
          </Field>
          <Field name={trans.__('Metric')}>{plan.metric}</Field>
          {plan.metric && (
            <Field name={trans.__('Goal')}>
              {plan.goal === 'maximize'
                ? trans.__('as large as possible')
                : trans.__('as small as possible')}
            </Field>
          )}
          {plan.earlyStopping === 'median' && (
            <Field name={trans.__('Early stopping')}>
              {trans.__(
                'trials worse than the median, after %1 completed trials and %2 steps',
                plan.minTrials ?? 3,
                plan.minSteps ?? 3
              )}
            </Field>
          )}
          <Best data={data} plan={plan} />
        </dl>
      </section>
      <Values
        title={trans.__('Search space')}
        values={Object.fromEntries(
          Object.entries(plan.space ?? {}).map(([name, space]) => [
            name,
            spaceText(trans, space)
          ])
        )}
      />
      <Values
        title={trans.__('Parameters of all trials')}
        values={plan.params ?? {}}
      />
      {trialId !== undefined && <OfTrial key={trialId} runId={trialId} />}
    </>
  );
}

/** Followed while somebody sees it. */
function useTrials(run: Run): {
  data: SweepTrials | null;
  error: Error | null;
  load: () => void;
} {
  const { model } = useExec();
  const trials = React.useMemo(
    () => new TrialsModel(run.runId, model.runs, model.store),
    [model, run.runId]
  );
  useSignal(trials.changed);
  const isVisible = useVisible();
  React.useEffect(() => {
    void trials.load();
    return () => trials.dispose();
  }, [trials]);
  React.useEffect(() => {
    trials.isVisible = isVisible;
  }, [trials, isVisible]);
  const { data, error } = trials;
  return { data, error, load: () => void trials.load() };
}

function Best(props: {
  data: SweepTrials | null;
  plan: Plan;
}): JSX.Element | null {
  const { commands, trans } = useExec();
  const { data, plan } = props;
  const best = data?.trials.find(trial => trial.runId === data.best);
  if (best === undefined) {
    return null;
  }
  return (
    <Field name={trans.__('Best trial')}>
      <button
        className="jp-exec-link"
        onClick={() =>
          void commands.execute(CommandIDs.openRun, { runId: best.runId })
        }
      >
        {trans.__('trial %1', best.number)}
      </button>
      {best.metric !== null &&
        ` (${plan.metric ?? ''} ${formatValue(best.metric)})`}
    </Field>
  );
}

/** All trials run in the same; one of them tells. */
function OfTrial({ runId }: { runId: string }): JSX.Element | null {
  const { model, trans } = useExec();
  const trial = useRun(runId);
  const configuration = trial?.definition.configuration;
  const [error, setError] = React.useState<Error | null>(null);
  const read = React.useCallback(() => {
    setError(null);
    model.store.fetch(runId).catch(setError);
  }, [model, runId]);
  React.useEffect(() => {
    if (!configuration) {
      read();
    }
  }, [read]);
  if (error) {
    return <Failure error={error} onRetry={read} />;
  }
  return trial && configuration ? (
    <Surroundings
      title={trans.__('Environment and resources of each trial')}
      run={trial}
      configuration={configuration}
    />
  ) : null;
}

function samplingText(trans: TranslationBundle, plan: Plan): string {
  switch (plan.sampling) {
    case 'random':
      return trans.__('random, seed %1', plan.seed ?? 0);
    case 'manual':
      return trans.__('manual: trials are started one by one');
    default:
      return trans.__('grid: all combinations in order');
  }
}

function spaceText(trans: TranslationBundle, space: Space): string {
  const { choice, range, uniform, loguniform } = space;
  const text = (value: unknown) =>
    typeof value === 'string' ? value : JSON.stringify(value);
  if (choice) {
    return choice.map(text).join(', ');
  }
  if (range) {
    // As Python's `range`: one number alone is the end.
    const [from, to, step] = range.length === 1 ? [0, range[0]] : range;
    return step === undefined
      ? trans.__('from %1 to below %2', from, to)
      : trans.__('from %1 to below %2 in steps of %3', from, to, step);
  }
  const bounds = uniform ?? loguniform ?? [];
  return uniform
    ? trans.__('evenly between %1 and %2', bounds[0], bounds[1])
    : trans.__(
        'evenly in the logarithm between %1 and %2',
        bounds[0],
        bounds[1]
      );
}
