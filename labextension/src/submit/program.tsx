import * as React from 'react';

import { useExec } from '../components/context';
import { SchemaForm } from '../components/schemaform';
import { CheckField, idOf, TextField, useSubmit } from './fields';
import { splitLine } from './words';

/** What is run: parameters of a notebook, arguments of a script, the program of a folder. */
export function Program(): JSX.Element {
  const { subject, state, options, fields } = useSubmit();
  const { trans } = useExec();
  return (
    <>
      {subject.kind === 'folder' && <WhatOfFolder />}
      {fields.has('script') && state.what === 'script' && (
        <TextField
          field="script"
          label={trans.__('Script or notebook in the folder')}
          choices={options.suggestions.scripts}
          placeholder={trans.__('Choose or type the name of a file')}
        />
      )}
      {fields.has('command') && state.what === 'command' && (
        <TextField
          field="command"
          label={trans.__('Command')}
          placeholder="make all"
          hint={
            subject.kind === 'folder'
              ? trans.__('A line for the shell, run in the folder.')
              : undefined
          }
        />
      )}
      {fields.has('arguments') && state.what === 'script' && (
        <TextField
          field="arguments"
          label={trans.__('Arguments')}
          placeholder="--epochs 3"
          hint={<SplitLine line={state.arguments} />}
        />
      )}
      {subject.kind === 'cells' && (
        <CheckField
          field="above"
          label={trans.__('With all code cells above')}
        />
      )}
      {subject.takesParameters && <Parameters />}
    </>
  );
}

function WhatOfFolder(): JSX.Element {
  const model = useSubmit();
  const { trans } = useExec();
  const choices = [
    ['script', trans.__('Run a script or notebook')],
    ['command', trans.__('Run a command')]
  ] as const;
  return (
    <div
      className="jp-exec-choices"
      role="radiogroup"
      aria-label={trans.__('What to run')}
    >
      {choices.map(([what, label]) => (
        <label className="jp-exec-check" key={what}>
          <input
            type="radio"
            name={idOf('what')}
            checked={model.state.what === what}
            onChange={() => model.update({ what })}
          />
          {label}
        </label>
      ))}
    </div>
  );
}

/** How a line is split into words, which quotes and spaces make hard to see. */
function SplitLine({ line }: { line: string }): JSX.Element | null {
  const { trans } = useExec();
  const { words } = splitLine(line);
  if (words.length === 0) {
    return null;
  }
  return (
    <span className="jp-exec-words" aria-label={trans.__('Split into')}>
      {words.map((word, index) => (
        <code key={index}>{word === '' ? '""' : word}</code>
      ))}
    </span>
  );
}

function Parameters(): JSX.Element {
  const model = useSubmit();
  const { trans } = useExec();
  const { subject, state } = model;
  const count = Object.keys(subject.schema.properties).length;
  const [isOpen, setOpen] = React.useState(count === 0 || state.others !== '');
  return (
    <fieldset className="jp-exec-form-group">
      <legend>{trans.__('Parameters')}</legend>
      {count > 0 ? (
        <SchemaForm
          schema={subject.schema}
          values={state.values}
          faults={model.valueFaults}
          onChange={values => model.update({ values })}
        />
      ) : (
        <p className="jp-exec-field-hint">
          {trans.__(
            'No cell of this notebook is tagged "parameters". What you give below is set before its first cell.'
          )}
        </p>
      )}
      {subject.hints.map((hint, index) => (
        <p className="jp-exec-field-hint" key={index}>
          {hint}
        </p>
      ))}
      {isOpen || model.faults.others ? (
        <TextField
          field="others"
          label={
            count > 0 ? trans.__('Other parameters') : trans.__('Parameters')
          }
          hint={trans.__('One a line: name=value.')}
          placeholder="lr=0.1"
          lines={2}
        />
      ) : (
        <button
          type="button"
          className="jp-exec-submit-others"
          onClick={() => setOpen(true)}
        >
          {trans.__('Other parameters…')}
        </button>
      )}
    </fieldset>
  );
}
