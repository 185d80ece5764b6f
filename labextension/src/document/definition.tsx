import * as React from 'react';

import { Clipboard } from '@jupyterlab/apputils';

import { useExec } from '../components/context';
import { formatBytes } from '../components/format';
import type { Run, RunDefinition } from '../types';
import { NotebookParameters } from './notebookparameters';

type Configuration = NonNullable<RunDefinition['configuration']>;

/** What was asked, as people read it. */
export function Definition(props: {
  run: Run;
  onShowCode: () => void;
}): JSX.Element | null {
  const { trans } = useExec();
  const { run } = props;
  const { configuration } = run.definition;
  if (configuration === undefined) {
    return null;
  }
  return (
    <>
      <section className="jp-exec-section">
        <h3>{trans.__('What runs')}</h3>
        <dl className="jp-exec-fields">
          <What run={run} configuration={configuration} />
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
      <section className="jp-exec-section">
        <h3>{trans.__('Environment and resources')}</h3>
        <dl className="jp-exec-fields">
          <Environment configuration={configuration} />
          <Resources run={run} configuration={configuration} />
        </dl>
      </section>
      <Values
        title={trans.__('Environment variables')}
        values={configuration.environment?.environmentVariables ?? {}}
      />
      <Raw run={run} />
    </>
  );
}

/** A name and what stands for it; nothing where that is empty. */
function Field(props: {
  name: string;
  children?: React.ReactNode;
}): JSX.Element | null {
  const { name, children } = props;
  const isEmpty =
    children === undefined || children === null || children === '';
  return isEmpty ? null : (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function code(text: string | null | undefined): JSX.Element | null {
  return text ? <code>{text}</code> : null;
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

function What(props: { run: Run; configuration: Configuration }): JSX.Element {
  const { trans } = useExec();
  const { configuration: asked, run } = props;
  const { script, command, experiment } = asked;
  const { sweep } = run.definition;
  const isNotebook = script?.endsWith('.ipynb') && !command;
  const commandLine = Array.isArray(command) ? shellLine(command) : command;
  return (
    <>
      {sweep && (
        <Field name={trans.__('Sweep of template')}>
          {sweep.template} ({trans.__('version %1', sweep.version)})
        </Field>
      )}
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
      {asked.framework && asked.framework !== 'Python' && (
        <Field name={trans.__('Framework')}>{asked.framework}</Field>
      )}
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

function Environment(props: { configuration: Configuration }): JSX.Element {
  const { trans } = useExec();
  const { environment, secrets } = props.configuration;
  const { python, docker } = environment ?? {};
  const image = docker?.enabled ? docker.baseImage : null;
  const conda = python?.condaDependencies;
  const isPlain = !image && !conda && !python?.interpreterPath;
  return (
    <>
      <Field name={trans.__('Named environment')}>{environment?.name}</Field>
      <Field name={trans.__('Image')}>{code(image)}</Field>
      <Field name={trans.__('Python')}>
        {code(python?.interpreterPath)}
        {isPlain && trans.__('that of the server')}
        {conda && <pre>{JSON.stringify(conda, null, 2)}</pre>}
      </Field>
      <Field name={trans.__('Secrets')}>{(secrets ?? []).join(', ')}</Field>
    </>
  );
}

function Resources(props: {
  run: Run;
  configuration: Configuration;
}): JSX.Element {
  const { trans } = useExec();
  const asked = props.configuration;
  const { cpus, memory, gpus } = asked.resources ?? {};
  const limit = asked.maxRunDurationSeconds;
  return (
    <>
      <Field name={trans.__('Compute target')}>{props.run.target}</Field>
      <Field name={trans.__('Processors')}>{cpus ?? 1}</Field>
      <Field name={trans.__('Memory limit')}>
        {memory ? formatBytes(Number(memory)) : trans.__('none')}
      </Field>
      {gpus ? <Field name={trans.__('GPUs')}>{gpus}</Field> : null}
      {(asked.nodeCount ?? 1) > 1 && (
        <Field name={trans.__('Nodes')}>{asked.nodeCount}</Field>
      )}
      {limit ? (
        <Field name={trans.__('Time limit')}>
          {trans.__('%1 seconds', limit)}
        </Field>
      ) : null}
      {asked.retries ? (
        <Field name={trans.__('Retries')}>{asked.retries}</Field>
      ) : null}
    </>
  );
}

/** Names and values as a table; nothing where there are none. */
function Values(props: {
  title: string;
  values: Readonly<Record<string, unknown>>;
}): JSX.Element | null {
  const { trans } = useExec();
  const entries = Object.entries(props.values);
  if (entries.length === 0) {
    return null;
  }
  return (
    <section className="jp-exec-section">
      <h3>{props.title}</h3>
      <table className="jp-exec-values">
        <thead>
          <tr>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('Value')}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <code>
                  {typeof value === 'string' ? value : JSON.stringify(value)}
                </code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
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
