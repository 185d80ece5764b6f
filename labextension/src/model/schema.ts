/** Values of a form: what the JSON Schema of a template or a notebook says of them. No DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ErrorDetail } from '../types';

/** The schema of one value. Source: `property_schema` in `jupyter_exec/model/parameters.py`. */
export interface IPropertySchema {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array';
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly default?: unknown;
  /** `password` for a secret. */
  readonly format?: string;
  readonly 'x-group'?: string;
}

/** The schema of all values together, in the order of the form. */
export interface IValuesSchema {
  readonly title?: string;
  readonly description?: string;
  readonly properties: Readonly<Record<string, IPropertySchema>>;
  readonly required?: readonly string[];
}

/** Values as they are being edited: lists, and numbers that are not finished yet, are text. */
export type FormValues = Readonly<Record<string, unknown>>;

/** What is wrong, by the name of the value. */
export type FieldFaults = Readonly<Record<string, readonly string[]>>;

/** The values that a form begins with. */
export function defaultsOf(schema: IValuesSchema): FormValues {
  return Object.fromEntries(
    Object.entries(schema.properties)
      .filter(([, property]) => property.default !== undefined)
      .map(([name, property]) => [name, asEdited(property.default)])
  );
}

/** A value as a form edits it. */
export function asEdited(value: unknown): unknown {
  if (Array.isArray(value)) {
    return `[${value.map(item => JSON.stringify(item)).join(', ')}]`;
  }
  return typeof value === 'object' && value !== null
    ? JSON.stringify(value)
    : value;
}

/**
 * A value in the type that its schema names; one that cannot be read stays as it is.
 *
 * Source: `read` in `jupyter_exec/model/parameters.py`.
 */
export function typed(property: IPropertySchema, value: unknown): unknown {
  if (typeof value !== 'string') {
    return value;
  }
  const text = value.trim();
  switch (property.type) {
    case 'integer':
      return /^[+-]?\d+(\.0*)?$/.test(text) ? Number(text) : value;
    case 'number':
      return text !== '' && Number.isFinite(Number(text))
        ? Number(text)
        : value;
    case 'array':
      return listOf(text) ?? value;
    default:
      return value;
  }
}

function listOf(text: string): unknown[] | null {
  if (text.startsWith('[')) {
    try {
      return JSON.parse(text) as unknown[];
    } catch {
      return null;
    }
  }
  return text === '' ? [] : text.split(',').map(word => literal(word.trim()));
}

/** A word that looks like a number is one. */
function literal(word: string): unknown {
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  return number.test(word) && !/^[+-]?0\d/.test(word) ? Number(word) : word;
}

/** The values to be sent: typed, and without those that were left empty. */
export function typedValues(
  schema: IValuesSchema,
  values: FormValues
): Record<string, unknown> {
  const known = Object.entries(schema.properties).filter(
    ([name]) => !isMissing(values[name])
  );
  return Object.fromEntries(
    known.map(([name, property]) => [name, typed(property, values[name])])
  );
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

/** What can be known to be wrong before anything is sent. */
export function faultsOf(
  schema: IValuesSchema,
  values: FormValues,
  trans: TranslationBundle
): FieldFaults {
  const required = new Set(schema.required ?? []);
  const faults: Record<string, string[]> = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const value = values[name];
    const fault = isMissing(value)
      ? required.has(name)
        ? trans.__('A value is needed.')
        : null
      : faultOf(property, typed(property, value), trans);
    if (fault !== null) {
      faults[name] = [fault];
    }
  }
  return faults;
}

function faultOf(
  property: IPropertySchema,
  value: unknown,
  trans: TranslationBundle
): string | null {
  if (property.enum && !property.enum.includes(value)) {
    return trans.__('Choose one of: %1', property.enum.join(', '));
  }
  switch (property.type) {
    case 'integer':
    case 'number':
      if (typeof value !== 'number') {
        return property.type === 'integer'
          ? trans.__('This is not a whole number.')
          : trans.__('This is not a number.');
      }
      return limitFault(property, value, trans);
    case 'array':
      return Array.isArray(value)
        ? null
        : trans.__('This is not a list: for example 1, 2, 3 or ["a", "b"].');
    default:
      return null;
  }
}

function limitFault(
  property: IPropertySchema,
  value: number,
  trans: TranslationBundle
): string | null {
  if (property.type === 'integer' && !Number.isInteger(value)) {
    return trans.__('This is not a whole number.');
  }
  if (property.minimum !== undefined && value < property.minimum) {
    return trans.__('The smallest value allowed is %1.', property.minimum);
  }
  if (property.maximum !== undefined && value > property.maximum) {
    return trans.__('The largest value allowed is %1.', property.maximum);
  }
  return null;
}

/**
 * Sort the server's faults to the values that they are about.
 *
 * @param prefix - how the path of a value's field begins: `params` for a template.
 * @returns the faults of values, and those that are about something else.
 */
export function placeFaults(
  faults: readonly ErrorDetail[],
  prefix: string
): { fields: FieldFaults; rest: ErrorDetail[] } {
  const fields: Record<string, string[]> = {};
  const rest: ErrorDetail[] = [];
  for (const fault of faults) {
    const target = fault.target ?? '';
    if (target.startsWith(`${prefix}.`)) {
      const name = target.slice(prefix.length + 1);
      (fields[name] ??= []).push(withoutName(name, fault.message));
    } else {
      rest.push(fault);
    }
  }
  return { fields, rest };
}

/** Beside its field a sentence need not begin with the field's name. */
function withoutName(name: string, message: string): string {
  return message.startsWith(`${name}: `)
    ? message.slice(name.length + 2)
    : message;
}
