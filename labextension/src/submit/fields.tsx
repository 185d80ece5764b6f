import * as React from 'react';

import { useExec } from '../components/context';
import { useSignal } from '../components/hooks';
import { Faults } from '../components/schemaform';
import type { SubmitModel } from './model';
import type { FieldId, ISubmitState } from './state';

const Model = React.createContext<SubmitModel | null>(null);

/** Gives the fields of a dialog its model. */
export const SubmitProvider = Model.Provider;

/** The dialog's model; renders again when it changes. */
export function useSubmit(): SubmitModel {
  const model = React.useContext(Model);
  if (model === null) {
    throw new Error('SubmitProvider is missing above this component');
  }
  useSignal(model.changed);
  return model;
}

/** The fields that hold text. */
export type TextFieldId = {
  [K in keyof ISubmitState]: ISubmitState[K] extends string ? K : never;
}[keyof ISubmitState];

/** Ids of a field's parts in the page. */
export function idOf(field: FieldId): string {
  return `jp-exec-submit-${field}`;
}

/** A label, a control, its explanation, and what is wrong with it; nothing where the dialog lacks it. */
export function Field(props: {
  field: FieldId;
  label: string;
  hint?: React.ReactNode;
  /** Somebody else tells what is wrong, where there is room for sentences. */
  isBrief?: boolean;
  children: React.ReactNode;
}): JSX.Element | null {
  const model = useSubmit();
  const id = idOf(props.field);
  const faults = model.faults[props.field] ?? [];
  if (!model.fields.has(props.field)) {
    return null;
  }
  return (
    <div className="jp-exec-field" data-faulty={faults.length > 0 || undefined}>
      <label className="jp-exec-field-label" htmlFor={id}>
        {props.label}
      </label>
      {props.children}
      {props.hint && (
        <div className="jp-exec-field-hint" id={`${id}-hint`}>
          {props.hint}
        </div>
      )}
      {!props.isBrief && <Faults id={`${id}-faults`} faults={faults} />}
    </div>
  );
}

/** A field of text: one line, or several. */
export function TextField(props: {
  field: TextFieldId;
  label: string;
  hint?: React.ReactNode;
  placeholder?: string;
  /** What may be chosen instead of typing. */
  choices?: readonly string[];
  lines?: number;
  isBrief?: boolean;
  isDisabled?: boolean;
}): JSX.Element {
  const model = useSubmit();
  const { field, choices = [] } = props;
  const id = idOf(field);
  // A box of one line would take the ends of lines out of what it began with.
  const hasLines = model.options.state[field].includes('\n');
  const lines = props.lines ?? (hasLines ? 5 : 1);
  const control = {
    id,
    className: 'jp-exec-input',
    value: model.state[field],
    placeholder: props.isDisabled ? undefined : props.placeholder,
    disabled: props.isDisabled,
    spellCheck: false,
    'aria-invalid': model.faults[field] !== undefined,
    'aria-describedby': `${id}-faults ${id}-hint`,
    onChange: (
      event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>
    ) => model.update({ [field]: event.target.value })
  };
  return (
    <Field {...props}>
      {lines > 1 ? (
        <textarea {...control} rows={lines} />
      ) : (
        <input
          {...control}
          type="text"
          autoComplete="off"
          list={choices.length > 0 ? `${id}-choices` : undefined}
        />
      )}
      {choices.length > 0 && (
        <datalist id={`${id}-choices`}>
          {choices.map(choice => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
    </Field>
  );
}

/** A box to tick. */
export function CheckField(props: {
  field: 'above' | 'large';
  label: string;
}): JSX.Element {
  const model = useSubmit();
  return (
    <label className="jp-exec-check jp-exec-field">
      <input
        type="checkbox"
        checked={model.state[props.field]}
        onChange={({ target }) =>
          model.update({ [props.field]: target.checked })
        }
      />
      {props.label}
    </label>
  );
}

/** Secrets: names, which are kept, and values, which are not. */
export function Secrets(): JSX.Element {
  const model = useSubmit();
  const { trans } = useExec();
  const { secrets } = model.state;
  const isRerun = model.subject.run !== null;
  const isFaulty = model.faults.secrets !== undefined;
  const set = (index: number, change: Partial<(typeof secrets)[number]>) =>
    model.update({
      secrets: secrets.map((secret, at) =>
        at === index ? { ...secret, ...change } : secret
      )
    });
  return (
    <div
      className="jp-exec-field"
      role="group"
      aria-labelledby={idOf('secrets')}
    >
      <span className="jp-exec-field-label" id={idOf('secrets')}>
        {trans.__('Secrets')}
      </span>
      {secrets.map((secret, index) => (
        <div className="jp-exec-secret" key={index}>
          <input
            className="jp-exec-input"
            type="text"
            aria-label={trans.__('Variable')}
            placeholder={trans.__('Variable')}
            autoComplete="off"
            spellCheck={false}
            readOnly={isRerun}
            aria-invalid={isFaulty && secret.name.trim() === ''}
            value={secret.name}
            onChange={({ target }) => set(index, { name: target.value })}
          />
          <input
            className="jp-exec-input"
            type="password"
            aria-label={trans.__('Value of %1', secret.name)}
            placeholder={trans.__('Value')}
            aria-invalid={isFaulty && secret.value === ''}
            autoComplete="new-password"
            value={secret.value}
            onChange={({ target }) => set(index, { value: target.value })}
          />
          {!isRerun && (
            <button
              type="button"
              className="jp-exec-button"
              aria-label={trans.__('Remove %1', secret.name)}
              onClick={() =>
                model.update({
                  secrets: secrets.filter((_, at) => at !== index)
                })
              }
            >
              ×
            </button>
          )}
        </div>
      ))}
      {!isRerun && (
        <div>
          <button
            type="button"
            className="jp-exec-button"
            onClick={() =>
              model.update({ secrets: [...secrets, { name: '', value: '' }] })
            }
          >
            {trans.__('Add a Secret')}
          </button>
        </div>
      )}
      <div className="jp-exec-field-hint">
        {isRerun
          ? trans.__('Values are stored nowhere, so they are needed again.')
          : trans.__('Variables of the run whose values are stored nowhere.')}
      </div>
      <Faults faults={model.faults.secrets ?? []} />
    </div>
  );
}
