import type { WidgetProps } from '@rjsf/utils';
import * as React from 'react';

import type { IField } from '../model/templatefields';
import { keyOf, useFormView } from './formcontext';

/** Texts longer than this get several lines. */
const LONG = 60;

interface IControl {
  readonly field: IField;
  /** Attributes that every control has. */
  readonly common: {
    readonly id: string;
    readonly 'aria-describedby': string;
    readonly 'aria-invalid': boolean;
    readonly 'aria-required': boolean;
  };
}

function useControl(props: WidgetProps): IControl {
  const view = useFormView();
  const key = keyOf(view, props.id);
  const field = view.form.field(key);
  return {
    field,
    common: {
      id: props.id,
      'aria-describedby': `${props.id}__description ${props.id}__error`,
      'aria-invalid': view.form.shownFault(key) !== null,
      'aria-required': field.isRequired
    }
  };
}

/** What is typed in: text, numbers, lists, secrets. */
export function EntryControl(props: WidgetProps): JSX.Element {
  const { trans } = useFormView();
  const { field, common } = useControl(props);
  const value = String(props.value ?? '');
  const first = String(field.initial);
  const onChange = (
    event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>
  ) => props.onChange(event.target.value);
  if (field.kind === 'string' && !field.isSecret && isLong(first)) {
    const rows = first.split('\n').length + Math.floor(first.length / 100);
    return (
      <textarea
        {...common}
        className="jp-exec-entry"
        value={value}
        onChange={onChange}
        rows={Math.min(12, Math.max(3, rows + 1))}
      />
    );
  }
  const isNumber = field.kind === 'integer' || field.kind === 'number';
  return (
    <input
      {...common}
      className="jp-exec-entry"
      type={field.isSecret ? 'password' : 'text'}
      autoComplete={field.isSecret ? 'new-password' : 'off'}
      spellCheck={false}
      inputMode={isNumber ? 'decimal' : undefined}
      placeholder={
        field.kind === 'array'
          ? 'a, b, c'
          : isNumber && first !== ''
            ? trans.__('%1 if left empty', first)
            : undefined
      }
      value={value}
      onChange={onChange}
    />
  );
}

function isLong(text: string): boolean {
  return text.includes('\n') || text.length > LONG;
}

/** One of a few values. */
export function ChoiceControl(props: WidgetProps): JSX.Element {
  const { trans } = useFormView();
  const { field, common } = useControl(props);
  return (
    <select
      {...common}
      className="jp-exec-entry"
      value={String(props.value ?? '')}
      onChange={event => props.onChange(event.target.value)}
    >
      {(field.initial === '' || !field.isRequired) && (
        <option value="">
          {field.initial === '' ? '—' : trans.__('As the template has it')}
        </option>
      )}
      {(field.options ?? []).map((option, index) => (
        <option key={index} value={String(index)}>
          {optionText(option)}
        </option>
      ))}
    </select>
  );
}

/** A value as text. */
export function optionText(option: unknown): string {
  return typeof option === 'string' ? option : JSON.stringify(option);
}

/** Yes or no, where the template has a default. */
export function CheckControl(props: WidgetProps): JSX.Element {
  const { common } = useControl(props);
  return (
    <input
      {...common}
      type="checkbox"
      checked={props.value === true}
      onChange={event => props.onChange(event.target.checked)}
    />
  );
}
