import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { useExec } from '../components/context';
import { Field, idOf, TextField, useSubmit } from './fields';
import type { SubmitModel } from './model';
import type { EnvironmentChoice } from './state';

const KERNEL = 'kernel:';

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
  const kernels = model.subject.takesParameters
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
    ['server', trans.__("The server's Python")],
    ['interpreter', trans.__('Another Python')],
    ['file', trans.__('Packages of a requirements or conda file')]
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
  const { environment, kernel } = model.state;
  return environment === 'kernel' ? `${KERNEL}${kernel}` : environment;
}

/** Which Python, or which kernel, the run gets. */
export function Environment(): JSX.Element {
  const model = useSubmit();
  const { trans } = useExec();
  const { environment } = model.state;
  const id = idOf('environment');
  const choose = (value: string) =>
    model.update(
      value.startsWith(KERNEL)
        ? { environment: 'kernel', kernel: value.slice(KERNEL.length) }
        : { environment: value as EnvironmentChoice }
    );
  return (
    <>
      <Field field="environment" label={trans.__('Environment')}>
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
          hint={trans.__('Its absolute path on the machine of the server.')}
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
