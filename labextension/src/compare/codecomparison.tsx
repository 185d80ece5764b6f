import * as React from 'react';

import { CodeDifferences } from '../components/codediff';
import { useExec } from '../components/context';
import { useAsync } from '../components/hooks';
import { Failure } from '../components/notice';
import type { CodeDiff } from '../types';
import type { ICompared } from './comparison';

/** What differs in the code of two of the runs; read when it is opened. */
export function CodeComparison(props: {
  runs: readonly ICompared[];
}): JSX.Element {
  const { trans } = useExec();
  const [isOpen, setOpen] = React.useState(false);
  const [from, setFrom] = React.useState<string | null>(null);
  const [to, setTo] = React.useState<string | null>(null);
  const there = props.runs.filter(
    ({ run, isDeleted }) => run !== undefined && !isDeleted
  );
  const ids = there.map(({ runId }) => runId);
  const first = from !== null && ids.includes(from) ? from : ids[0];
  const second =
    to !== null && ids.includes(to) ? to : ids.find(id => id !== first);
  const select = (
    label: string,
    value: string | undefined,
    onChange: (id: string) => void
  ) => (
    <label>
      {label}
      <select
        className="jp-exec-select"
        value={value}
        onChange={event => onChange(event.target.value)}
      >
        {there.map(({ runId, run }) => (
          <option key={runId} value={runId}>
            {run!.displayName || runId}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <section className="jp-exec-compare-section" aria-label={trans.__('Code')}>
      <header>
        <h2>{trans.__('Code')}</h2>
        {isOpen && select(trans.__('From'), first, setFrom)}
        {isOpen && select(trans.__('To'), second, setTo)}
        <button
          className="jp-exec-button"
          aria-expanded={isOpen}
          disabled={second === undefined}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? trans.__('Hide code') : trans.__('Compare code')}
        </button>
      </header>
      {isOpen && second !== undefined && (
        <Differences from={first} to={second} />
      )}
    </section>
  );
}

function Differences(props: { from: string; to: string }): JSX.Element {
  const { model } = useExec();
  const { from, to } = props;
  const { data, error, reload } = useAsync(
    () =>
      model.requester.get<CodeDiff>(['runs', from, 'code-diff'], { with: to }),
    [model, from, to]
  );
  if (error) {
    return <Failure error={error} onRetry={reload} />;
  }
  if (data === undefined) {
    return <div aria-busy />;
  }
  return <CodeDifferences answer={data} />;
}
