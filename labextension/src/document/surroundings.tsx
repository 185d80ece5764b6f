import * as React from 'react';

import { useExec } from '../components/context';
import { formatBytes } from '../components/format';
import type { Run, RunDefinition } from '../types';
import { code, Field, Values } from './fields';

type Configuration = NonNullable<RunDefinition['configuration']>;

/** What a run runs in, and with what. */
export function Surroundings(props: {
  title: string;
  run: Run;
  configuration: Configuration;
}): JSX.Element {
  const { trans } = useExec();
  const { configuration } = props;
  return (
    <>
      <section className="jp-exec-section">
        <h3>{props.title}</h3>
        <dl className="jp-exec-fields">
          <Environment run={props.run} configuration={configuration} />
          <Resources run={props.run} configuration={configuration} />
        </dl>
      </section>
      <Values
        title={trans.__('Environment variables')}
        values={configuration.environment?.environmentVariables ?? {}}
      />
    </>
  );
}

function Environment(props: {
  run: Run;
  configuration: Configuration;
}): JSX.Element {
  const { trans } = useExec();
  const { environment, secrets } = props.configuration;
  const { python, docker } = environment ?? {};
  const made = props.run.environment;
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
      <Field name={trans.__('Python version')}>{made?.python}</Field>
      <Field name={trans.__('Built environment')}>{code(made?.hash)}</Field>
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
