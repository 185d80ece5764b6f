import * as React from 'react';

import { useExec } from '../components/context';
import { useSignal } from '../components/hooks';
import { MetricsModel } from './metricsmodel';

/** The metrics of a run while a component is there; it renders again when they change. */
export function useMetrics(runId: string): MetricsModel {
  const { model } = useExec();
  const metrics = React.useMemo(
    () => new MetricsModel(runId, model.runs, model.store),
    [model, runId]
  );
  useSignal(metrics.changed);
  React.useEffect(() => {
    void metrics.load();
    return () => metrics.dispose();
  }, [metrics]);
  return metrics;
}
