import * as React from 'react';

import { useExec } from '../components/context';
import type { Point } from '../types';

/** So many values are shown; there is nothing to see in more of them. */
const SHOWN = 100;

/** A metric whose values are texts: the last one, and those before it as a table. */
export function TextMetric(props: {
  name: string;
  points: readonly Point[];
  total: number;
}): JSX.Element {
  const { trans } = useExec();
  const { name, points, total } = props;
  const last = points[points.length - 1];
  const before = points.slice(-SHOWN).reverse();
  return (
    <section className="jp-exec-chart" aria-label={name}>
      <header>
        <h3 title={name}>{name}</h3>
      </header>
      <p className="jp-exec-metrics-text">{String(last.value)}</p>
      {points.length > 1 && (
        <div
          className="jp-exec-chart-table"
          tabIndex={0}
          role="region"
          aria-label={trans.__('Values of %1', name)}
        >
          <table className="jp-exec-table">
            <thead>
              <tr>
                <th scope="col">{trans.__('Step')}</th>
                <th scope="col">{trans.__('Value')}</th>
              </tr>
            </thead>
            <tbody>
              {before.map((point, index) => (
                <tr key={index}>
                  <td>{typeof point.step === 'number' ? point.step : ''}</td>
                  <td>{String(point.value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {(points.length > SHOWN || total > points.length) && (
        <p className="jp-exec-chart-note">
          {total > points.length
            ? trans.__('%1 of %2 values shown', before.length, total)
            : trans.__('The last %1 of %2 values.', SHOWN, total)}
        </p>
      )}
    </section>
  );
}
