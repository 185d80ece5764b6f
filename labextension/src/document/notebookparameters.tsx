import * as React from 'react';

import { useExec } from '../components/context';
import { failureText } from '../components/failure';
import { useAsync } from '../components/hooks';
import { snapshotParameters } from '../submit/parameters';
import { isSame } from '../submit/patch';
import type { Run } from '../types';

/**
 * All values that a notebook's run had: what it was given, and in grey what the notebook's own
 * parameters cell sets, as it is in the run's snapshot.
 */
export function NotebookParameters({ run }: { run: Run }): JSX.Element | null {
  const { model, trans } = useExec();
  const { script, command, parameters } = run.definition.configuration ?? {};
  const given: Readonly<Record<string, unknown>> = parameters ?? {};
  const { snapshotId } = run;
  const isNotebook = !command && script?.endsWith('.ipynb');
  const { data, error } = useAsync(
    () =>
      isNotebook && snapshotId
        ? snapshotParameters(snapshotId, script ?? '', model.requester)
        : Promise.resolve(null),
    [snapshotId, script, isNotebook]
  );
  const declared = data?.schema.properties ?? {};
  const names = [...new Set([...Object.keys(declared), ...Object.keys(given)])];
  const unread = isNotebook && error !== null;
  if (names.length === 0 && !unread) {
    return null;
  }
  const text = (value: unknown) =>
    typeof value === 'string' ? value : JSON.stringify(value);
  return (
    <section className="jp-exec-section">
      <h3>{trans.__('Parameters')}</h3>
      {unread && (
        <p>
          {trans.__(
            "The notebook's defaults cannot be read: %1",
            failureText(trans, error)
          )}
        </p>
      )}
      {names.length > 0 && (
        <table className="jp-exec-values">
          <thead>
            <tr>
              <th scope="col">{trans.__('Name')}</th>
              <th scope="col">{trans.__('Value')}</th>
            </tr>
          </thead>
          <tbody>
            {names.map(name => {
              const known = declared[name]?.default;
              const isDefault =
                name in declared &&
                (!(name in given) ||
                  (known !== undefined && isSame(given[name], known)));
              const value = name in given ? given[name] : known;
              return (
                <tr key={name} className={isDefault ? 'jp-mod-default' : ''}>
                  <th scope="row">{name}</th>
                  <td title={isDefault ? trans.__('the default') : undefined}>
                    {value === undefined ? (
                      trans.__('set by the notebook')
                    ) : (
                      <code>{text(value)}</code>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </section>
  );
}
