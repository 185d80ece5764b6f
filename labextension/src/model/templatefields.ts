/** The parameters of a template as fields of a form. Source: `jupyter_exec/model/parameters.py`. */
import type { TemplateSchema } from '../types';

/** What a field holds while somebody fills it in: text, or whether it is ticked. */
export type Entry = string | boolean;

/** JSON Schema of one parameter, as far as the server writes it. */
export interface IParameterSchema {
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly writeOnly?: boolean;
  readonly 'x-group'?: string;
}

/** One parameter. */
export interface IField {
  /** In the form; the name may hold dots and anything else that has a meaning in paths. */
  readonly key: string;
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly kind: string;
  readonly schema: IParameterSchema;
  /** The heading that it stands below; empty where there is none. */
  readonly group: string;
  readonly isRequired: boolean;
  readonly isSecret: boolean;
  /** The values that it is chosen from; null where it is typed in. */
  readonly options: readonly unknown[] | null;
  /** What it holds at first. */
  readonly initial: Entry;
}

/** What is wrong with a field; `message` where the server has told it. */
export interface IFault {
  readonly kind:
    | 'required'
    | 'notNumber'
    | 'notInteger'
    | 'notList'
    | 'minimum'
    | 'maximum'
    | 'pattern'
    | 'told'
    | 'invalid'
    | 'space';
  readonly detail: string;
}

/** What JSON Schema says against a value; as ajv answers it. */
export interface ISchemaFault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params?: Record<string, unknown>;
  readonly message?: string;
}

/** Checks values with a JSON Schema. */
export type Validate = (schema: object, data: unknown) => ISchemaFault[];

const NUMBERS = ['integer', 'number'];

/** The fields of a template: those without a group first, then group by group as they come. */
export function fieldsOf(schema: TemplateSchema): IField[] {
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties).map(([name, value], index) =>
    fieldOf(`p${index}`, name, value as IParameterSchema, required.has(name))
  );
  const groups = [...new Set(['', ...fields.map(field => field.group)])];
  return groups.flatMap(group => fields.filter(field => field.group === group));
}

function fieldOf(
  key: string,
  name: string,
  schema: IParameterSchema,
  isRequired: boolean
): IField {
  const options = optionsOf(schema);
  return {
    key,
    name,
    schema,
    isRequired,
    options,
    label: schema.title || name,
    description: schema.description ?? '',
    kind: schema.type,
    group: schema['x-group'] ?? '',
    isSecret: schema.writeOnly === true,
    initial: entryOf(schema, options, schema.default)
  };
}

function optionsOf(schema: IParameterSchema): readonly unknown[] | null {
  if (schema.enum) {
    return schema.enum;
  }
  // With a default it is a box to tick; without one, not answering is a third way.
  return schema.type === 'boolean' && schema.default === undefined
    ? [true, false]
    : null;
}

/** A value as its field shows it; `false`, `0` and `""` are values. */
export function entryOf(
  schema: IParameterSchema,
  options: readonly unknown[] | null,
  value: unknown
): Entry {
  if (options !== null) {
    const index = options.findIndex(
      option => JSON.stringify(option) === JSON.stringify(value)
    );
    return index < 0 ? '' : String(index);
  }
  if (schema.type === 'boolean') {
    return value === true;
  }
  if (value === undefined || value === null) {
    return '';
  }
  if (Array.isArray(value)) {
    const isPlain = value.every(
      item => typeof item === 'string' && /^[^\s,[][^,]*$/.test(item)
    );
    return isPlain && value.length > 0
      ? value.join(', ')
      : `[${value.map(item => JSON.stringify(item)).join(', ')}]`;
  }
  return String(value);
}

/**
 * What is sent for a field; undefined = nothing, so that the default holds.
 *
 * Numbers and lists are sent as they were typed: `1e-5` stays `1e-5`, and the server reads them.
 */
export function givenOf(field: IField, entry: Entry): unknown {
  if (field.options !== null) {
    return entry === '' ? undefined : field.options[Number(entry)];
  }
  if (field.kind === 'boolean') {
    return entry;
  }
  const text = String(entry);
  if (field.kind === 'string') {
    // An empty text is a value only where the default is another one.
    return text !== '' || field.schema.default !== undefined ? text : undefined;
  }
  return text.trim() === '' ? undefined : text.trim();
}

/** What is wrong with what a field holds; null where nothing is. */
export function faultOf(
  field: IField,
  entry: Entry,
  validate: Validate
): IFault | null {
  const given = givenOf(field, entry);
  if (given === undefined || (given === '' && field.isSecret)) {
    return field.isRequired ? { kind: 'required', detail: '' } : null;
  }
  if (field.options !== null || field.kind === 'boolean') {
    return null;
  }
  const value = typedOf(field.kind, String(given));
  if (value === undefined) {
    return {
      kind: NUMBERS.includes(field.kind) ? 'notNumber' : 'notList',
      detail: String(given)
    };
  }
  const [fault] = validate(schemaFor(field), value);
  return fault === undefined ? null : faultFrom(fault);
}

function typedOf(kind: string, text: string): unknown {
  if (NUMBERS.includes(kind)) {
    const number = Number(text);
    return Number.isFinite(number) ? number : undefined;
  }
  if (kind !== 'array') {
    return text;
  }
  if (!text.startsWith('[')) {
    return text.split(',').map(word => word.trim());
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const SCHEMAS = new WeakMap<IField, object>();

/** What the browser checks; one object a field, since ajv keeps what it compiles by object. */
function schemaFor(field: IField): object {
  let schema = SCHEMAS.get(field);
  if (schema === undefined) {
    const { type, minimum, maximum, pattern } = field.schema;
    schema = {
      type,
      ...(minimum === undefined ? {} : { minimum }),
      ...(maximum === undefined ? {} : { maximum }),
      ...(pattern !== undefined && isPatternHere(pattern) ? { pattern } : {})
    };
    SCHEMAS.set(field, schema);
  }
  return schema;
}

/** Whether a pattern of the server's Python means something here; the server checks it anyway. */
function isPatternHere(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u');
    // These mean something else in Python, or only there.
    return !/\\[AZz]|\(\?[a-zA-Z#P]/.test(pattern);
  } catch {
    return false;
  }
}

function faultFrom(fault: ISchemaFault): IFault {
  switch (fault.keyword) {
    case 'minimum':
    case 'maximum':
      return { kind: fault.keyword, detail: String(fault.params?.['limit']) };
    case 'pattern':
      return { kind: 'pattern', detail: String(fault.params?.['pattern']) };
    case 'type':
      return {
        kind: fault.params?.['type'] === 'integer' ? 'notInteger' : 'invalid',
        detail: fault.message ?? ''
      };
    default:
      return { kind: 'invalid', detail: fault.message ?? '' };
  }
}
