import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { useSignal } from '../components/hooks';
import type { IFault, IField } from '../model/templatefields';
import type { TemplateFormModel } from '../model/templateform';

/** How the form is looked at; none of it is sent. */
export interface IFormView {
  readonly form: TemplateFormModel;
  readonly trans: TranslationBundle;
  /** Begins the ids of all controls of this form. */
  readonly prefix: string;
  /** Only parameters that hold this text are shown. */
  readonly filter: string;
  /** The headings whose parameters are shown. */
  readonly open: ReadonlySet<string>;
  readonly toggle: (group: string) => void;
}

const Context = React.createContext<IFormView | null>(null);

/** Gives the form's parts what they share. */
export const FormViewProvider = Context.Provider;

/** What the parts of a form share; renders again when anything of the form changes. */
export function useFormView(): IFormView {
  const view = React.useContext(Context);
  if (view === null) {
    throw new Error('FormViewProvider is missing above this component');
  }
  useSignal(view.form.changed);
  return view;
}

/** The key of a control's field or setting, by the control's id. */
export function keyOf(view: IFormView, id: string): string {
  return id.slice(view.prefix.length + 1);
}

/** Whether a parameter is shown. */
export function isShown(field: IField, filter: string): boolean {
  const q = filter.trim().toLowerCase();
  const words = [field.name, field.label, field.description, field.group];
  return q === '' || words.some(word => word.toLowerCase().includes(q));
}

/** What is wrong with a field, in a sentence. */
export function faultText(trans: TranslationBundle, fault: IFault): string {
  const { kind, detail } = fault;
  switch (kind) {
    case 'required':
      return trans.__('A value is needed.');
    case 'notNumber':
      return trans.__('%1 is not a number.', detail);
    case 'notInteger':
      return trans.__('A whole number is needed.');
    case 'notList':
      return trans.__('Write a list as a, b, c or as JSON: [1, 2].');
    case 'minimum':
      return trans.__('It must be at least %1.', detail);
    case 'maximum':
      return trans.__('It must be at most %1.', detail);
    case 'pattern':
      return trans.__('It must match %1.', detail);
    case 'space':
      return spaceText(trans, detail);
    default:
      return detail;
  }
}

function spaceText(trans: TranslationBundle, detail: string): string {
  const [problem, ...at] = detail.split(' ');
  switch (problem) {
    case 'notNumber':
      return trans.__('%1 is not a number.', at.join(' '));
    case 'notList':
      return trans.__(
        'Write the values as a JSON list, for example [[1, 2], [3]].'
      );
    case 'emptyRange':
      return trans.__('This range has no values.');
    case 'order':
      return trans.__('The first number must be below the second.');
    case 'positive':
      return trans.__('Both numbers must be above 0.');
    default:
      return trans.__('Say which values to try.');
  }
}

/** What a field takes, where it says so. */
export function limitsText(
  trans: TranslationBundle,
  field: IField
): string | null {
  const { minimum, maximum } = field.schema;
  if (minimum !== undefined && maximum !== undefined) {
    return trans.__('%1 to %2', String(minimum), String(maximum));
  }
  if (minimum !== undefined) {
    return trans.__('at least %1', String(minimum));
  }
  return maximum === undefined ? null : trans.__('at most %1', String(maximum));
}
