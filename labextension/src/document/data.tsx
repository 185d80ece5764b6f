import * as React from 'react';

import { useExec } from '../components/context';
import { NamedLog } from '../logs/namedlog';
import type { Run, RunDefinition } from '../types';
import { DATA_LOG } from './environmentfacts';

type Configuration = NonNullable<RunDefinition['configuration']>;
type Reference = NonNullable<Configuration['dataReferences']>[string];

/** Data that a run finds or leaves: where it comes from, where it lies, what was transferred. */
export function Data(props: {
  run: Run;
  isDeleted: boolean;
}): JSX.Element | null {
  const { trans } = useExec();
  const { run, isDeleted } = props;
  const [isOpen, setOpen] = React.useState(false);
  const references = run.definition.configuration?.dataReferences ?? {};
  const entries = Object.entries(references);
  if (entries.length === 0) {
    return null;
  }
  const modes: Readonly<Record<string, string>> = {
    Download: trans.__('Download, before it runs'),
    Upload: trans.__('Upload, after it ran'),
    Mount: trans.__('Mount')
  };
  return (
    <section className="jp-exec-section">
      <h3>{trans.__('Data')}</h3>
      <div className="jp-exec-data">
        <table className="jp-exec-values">
          <thead>
            <tr>
              <th scope="col">{trans.__('Name')}</th>
              <th scope="col">{trans.__('Mode')}</th>
              <th scope="col">{trans.__('In the datastore')}</th>
              <th scope="col">{trans.__('In the run')}</th>
            </tr>
          </thead>
          <tbody>
            {entries.map(([name, reference]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  {modes[modeOf(reference)] ?? modeOf(reference)}
                  {reference.overwrite && `, ${trans.__('overwrites')}`}
                </td>
                <td>
                  <code>{storePath(reference, run.runId)}</code>
                </td>
                <td>
                  <code>{placeOf(name, reference)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="jp-exec-raw-head">
        <button
          className="jp-exec-button"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? trans.__('Hide transfers') : trans.__('Show transfers')}
        </button>
      </div>
      {isOpen && (
        <NamedLog run={run} isDeleted={isDeleted} name={DATA_LOG}>
          {trans.__('Nothing was transferred.')}
        </NamedLog>
      )}
    </section>
  );
}

function modeOf(reference: Reference): string {
  return reference.mode ?? 'Mount';
}

/** Store and path. Source: `_item` in `jupyter_exec/services/data.py`. */
export function storePath(reference: Reference, runId: string): string {
  const { dataStoreName, pathOnDataStore } = reference;
  const path =
    pathOnDataStore || (modeOf(reference) === 'Upload' ? `${runId}/` : '');
  const expanded = path
    .split('${AZUREML_RUN_ID}')
    .join(runId)
    .split('$AZUREML_RUN_ID')
    .join(runId);
  return [dataStoreName, expanded].filter(Boolean).join(' : ') || '/';
}

/** Below the working folder. Source: `place_of` in `jupyter_exec/services/datastores.py`. */
export function placeOf(name: string, reference: Reference): string {
  const path = (reference.pathOnCompute ?? '').replace(/^(\.?\/)+/, '');
  return path || (reference.pathOnCompute ? '.' : `dataReferences/${name}`);
}
