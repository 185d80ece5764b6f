import * as React from 'react';

import { Clipboard } from '@jupyterlab/apputils';

import { useExec } from '../components/context';
import { severalOf } from '../submit/frameworks';
import type { Run, RunDefinition } from '../types';
import { code, Field, Values } from './fields';
import { NotebookParameters } from './notebookparameters';
import { Surroundings } from './surroundings';
import { SweepPlan } from './sweepplan';

type Configuration = NonNullable<RunDefinition['configuration']>;

/** What was asked, as people read it. */
export function Definition(props: {
  run: Run;
  onShowCode: () => void;
}): JSX.Element | null {
  const { trans } = useExec();
  const { run } = props;
  const { configuration, sweep } = run.definition;
  if (sweep) {
    return (
      <>
        <SweepPlan run={run} plan={sweep} />
        <Raw run={run} />
      </>
    );
  }
  if (!configuration) {
    return null;
  }
  return (
    <>
      <section className="jp-exec-section">
        <h3>{trans.__('What runs')}</h3>
        <dl className="jp-exec-fields">
          <What configuration={configuration} />
          <Source run={run} onShowCode={props.onShowCode} />
        </dl>
      </section>
      <NotebookParameters run={run} />
      {run.template && (
        <Values
          title={trans.__(
            'Template %1, version %2',
            run.template.name,
            run.template.version
          )}
          values={run.template.parameters}
        />
      )}
      <Surroundings
        title={trans.__('Environment and resources')}
        run={run}
        configuration={configuration}
      />
      <Raw run={run} />
    </>
  );
}

/** Words as a line for the shell, for reading. */
function shellLine(words: readonly unknown[]): string {
  return words
    .map(String)
    .map(word =>
      /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`
    )
    .join(' ');
}

function What(props: { configuration: Configuration }): JSX.Element {
  const { trans } = useExec();
  const asked = props.configuration;
  const { script, command, experiment } = asked;
  const isNotebook = script?.endsWith('.ipynb') && !command;
  const commandLine = Array.isArray(command) ? shellLine(command) : command;
  return (
    <>
      {experiment && (
        <>
          <Field name={trans.__('Command')}>{code(experiment.meta.cmd)}</Field>
          <Field name={trans.__('Roles')}>
            {Object.entries(experiment.spec)
              .map(([role, task]) => `${role} × ${task.replicas ?? 1}`)
              .join(', ')}
          </Field>
        </>
      )}
      <Field name={trans.__('Command')}>{code(commandLine)}</Field>
      {!command && (
        <Field name={isNotebook ? trans.__('Notebook') : trans.__('Script')}>
          {code(script)}
        </Field>
      )}
      <Field name={trans.__('Arguments')}>
        {code(shellLine(asked.arguments ?? []))}
      </Field>
      <Field name={trans.__('Kernel')}>{code(asked.kernel)}</Field>
      <Processes configuration={asked} />
    </>
  );
}

/** Framework, communicator and processes, where they are not those of one process. */
function Processes(props: {
  configuration: Configuration;
}): JSX.Element | null {
  const { trans } = useExec();
  if (props.configuration.experiment) {
    return null;
  }
  const several = severalOf(props.configuration);
  const { communicator } = props.configuration;
  return (
    <>
      {several.framework !== 'Python' && (
        <Field name={trans.__('Framework')}>{several.framework}</Field>
      )}
      <Field name={trans.__('Communicator')}>
        {communicator?.toLowerCase() === 'none' ? '' : communicator}
      </Field>
      <Field name={trans.__('Processes')}>{several.processes}</Field>
      <Field name={trans.__('Nodes')}>
        {Number(several.nodes) > 1 ? several.nodes : ''}
      </Field>
    </>
  );
}

function Source(props: { run: Run; onShowCode: () => void }): JSX.Element {
  const { trans } = useExec();
  const { git, snapshotId } = props.run;
  return (
    <>
      {git && (
        <Field name={trans.__('Git')}>
          {code(git.commit?.slice(0, 12))}{' '}
          {git.branch && trans.__('on branch %1', git.branch)}
          {git.dirty && (
            <>
              {', '}
              <button className="jp-exec-link" onClick={props.onShowCode}>
                {trans.__('with uncommitted changes')}
              </button>
            </>
          )}
        </Field>
      )}
      {snapshotId && (
        <Field name={trans.__('Snapshot')}>
          <button
            className="jp-exec-link"
            title={snapshotId}
            onClick={props.onShowCode}
          >
            {snapshotId.slice(0, 12)}
          </button>
        </Field>
      )}
    </>
  );
}

/** Everything that was asked, as the server keeps it. */
function Raw({ run }: { run: Run }): JSX.Element {
  const { trans } = useExec();
  const [isOpen, setOpen] = React.useState(false);
  const text = React.useMemo(
    () => (isOpen ? JSON.stringify(run.definition, null, 2) : ''),
    [isOpen, run.definition]
  );
  return (
    <section className="jp-exec-section">
      <div className="jp-exec-raw-head">
        <button
          className="jp-exec-button"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? trans.__('Hide JSON') : trans.__('Show JSON')}
        </button>
        {isOpen && (
          <button
            className="jp-exec-button"
            onClick={() => Clipboard.copyToSystem(text)}
          >
            {trans.__('Copy JSON')}
          </button>
        )}
      </div>
      {isOpen && <pre className="jp-exec-raw">{text}</pre>}
    </section>
  );
}
