import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { useExec } from '../components/context';
import { Field, idOf, TextField, useSubmit } from './fields';
import type { SubmitModel } from './model';
import type { EnvironmentChoice } from './state';

const KERNEL = 'kernel:';
const NAMED = 'named:';

/** A name and a version as one value; names have no tabs. */
function namedValue(name: string, version: string): string {
  return `${NAMED}${name}\t${version}`;
}

/** The environments that have a name, and the chosen one even where it is gone. */
function namedOf(
  model: SubmitModel,
  trans: TranslationBundle
): readonly (readonly [string, string])[] {
  const { environment, environmentName, environmentVersion } = model.state;
  const known = model.known.named.map(
    ({ name, version }) => [name, version ?? ''] as const
  );
  const isThere = known.some(
    ([name, version]) =>
      name === environmentName && version === environmentVersion
  );
  const all =
    environment === 'named' && !isThere
      ? [...known, [environmentName, environmentVersion] as const]
      : known;
  return all.map(([name, version]) => [
    namedValue(name, version),
    version
      ? trans.__('Environment: %1, version %2', name, version)
      : trans.__('Environment: %1', name)
  ]);
}

/** The kernels, those of the notebook first, as a person knows them. */
function kernelsOf(
  model: SubmitModel,
  trans: TranslationBundle
): readonly (readonly [string, string])[] {
  const own = model.subject.kernel;
  const known = model.options.kernels.filter(({ name }) => name !== own);
  const found = model.options.kernels.find(({ name }) => name === own);
  const first =
    own === null
      ? []
      : [
          [
            own,
            trans.__("This notebook's kernel (%1)", found?.displayName ?? own)
          ] as const
        ];
  return [
    ...first,
    ...known.map(
      ({ name, displayName }) =>
        [name, trans.__('Kernel: %1', displayName)] as const
    )
  ];
}

function choicesOf(
  model: SubmitModel,
  trans: TranslationBundle
): readonly (readonly [string, string])[] {
  const kernels =
    model.subject.takesParameters && !model.isContained
      ? kernelsOf(model, trans).map(
          ([name, label]) => [`${KERNEL}${name}`, label] as const
        )
      : [];
  const kept =
    model.subject.run === null
      ? []
      : [['keep', trans.__('As in that run')] as const];
  return [
    ...kept,
    ...kernels,
    [
      'server',
      model.isContained
        ? trans.__("The image's Python")
        : trans.__("The server's Python")
    ],
    [
      'interpreter',
      model.isContained
        ? trans.__('Another Python of the image')
        : trans.__('Another Python')
    ],
    ['file', trans.__('Packages of a requirements, conda or project file')],
    ...namedOf(model, trans)
  ];
}

/** What is chosen, in a few words. */
export function environmentText(
  model: SubmitModel,
  trans: TranslationBundle
): string {
  const { environment, interpreter, environmentFile } = model.state;
  if (environment === 'interpreter' && interpreter) {
    return interpreter;
  }
  if (environment === 'file' && environmentFile) {
    return environmentFile;
  }
  const value = valueOf(model);
  return choicesOf(model, trans).find(([key]) => key === value)?.[1] ?? '';
}

function valueOf(model: SubmitModel): string {
  const { environment, kernel, environmentName, environmentVersion } =
    model.state;
  switch (environment) {
    case 'kernel':
      return `${KERNEL}${kernel}`;
    case 'named':
      return namedValue(environmentName, environmentVersion);
    default:
      return environment;
  }
}

/** Which Python, or which kernel, the run gets. */
export function Environment(): JSX.Element {
  const model = useSubmit();
  const { trans } = useExec();
  const { environment } = model.state;
  const id = idOf('environment');
  const choose = (value: string) => {
    if (value.startsWith(NAMED)) {
      const [name, version] = value.slice(NAMED.length).split('\t');
      model.update({
        environment: 'named',
        environmentName: name,
        environmentVersion: version
      });
      return;
    }
    model.update(
      value.startsWith(KERNEL)
        ? { environment: 'kernel', kernel: value.slice(KERNEL.length) }
        : { environment: value as EnvironmentChoice }
    );
  };
  return (
    <>
      <Field
        field="environment"
        label={trans.__('Environment')}
        hint={
          model.knownError &&
          trans.__(
            'Environments that have a name cannot be listed: %1',
            model.knownError.message
          )
        }
      >
        <select
          id={id}
          className="jp-exec-input"
          value={valueOf(model)}
          aria-describedby={`${id}-faults`}
          onChange={({ target }) => choose(target.value)}
        >
          {choicesOf(model, trans).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </Field>
      {(environment === 'interpreter' || model.faults.interpreter) && (
        <TextField
          field="interpreter"
          label={trans.__('Interpreter')}
          hint={
            model.isContained
              ? trans.__('Its absolute path in the image.')
              : trans.__('Its absolute path on the machine of the server.')
          }
          placeholder="/opt/conda/envs/torch/bin/python"
        />
      )}
      {environment === 'file' && (
        <TextField
          field="environmentFile"
          label={trans.__('File')}
          choices={model.options.suggestions.environments}
          hint={
            model.subject.takesParameters
              ? trans.__(
                  "Below the server's root folder. It must name ipykernel."
                )
              : trans.__("Below the server's root folder.")
          }
          placeholder={
            model.options.suggestions.environments[0] ?? 'requirements.txt'
          }
        />
      )}
    </>
  );
}
