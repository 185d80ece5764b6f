import { FormComponent } from '@jupyterlab/ui-components';
import type {
  FieldTemplateProps,
  ObjectFieldTemplateProps,
  RJSFSchema,
  UiSchema,
  ValidatorType,
  WidgetProps
} from '@rjsf/utils';
import * as React from 'react';

import {
  asEdited,
  FieldFaults,
  FormValues,
  IPropertySchema,
  IValuesSchema
} from '../model/schema';
import { useExec } from './context';

/** What a `SchemaForm` gets. */
export interface ISchemaFormProps {
  readonly schema: IValuesSchema;
  /** As they are being edited; begin with `defaultsOf(schema)`, send `typedValues(schema, values)`. */
  readonly values: FormValues;
  readonly onChange: (values: FormValues) => void;
  /** Shown beside the fields: of `faultsOf`, and of `placeFaults` for those of the server. */
  readonly faults?: FieldFaults;
  readonly disabled?: boolean;
}

/** What the templates of rjsf below need to know of the form. */
interface IFormContext {
  readonly prefix: string;
  readonly faults: FieldFaults;
  readonly schema: IValuesSchema;
}

/** `faultsOf` and the server judge values; rjsf only draws the form. */
const NO_VALIDATOR: ValidatorType = {
  validateFormData: () => ({ errors: [], errorSchema: {} }),
  toErrorList: () => [],
  isValid: () => true,
  rawValidation: () => ({})
};

/** A form made of a JSON Schema, with faults beside their fields. */
export function SchemaForm(props: ISchemaFormProps): JSX.Element {
  const { schema, values, onChange, faults = {}, disabled } = props;
  const prefix = `jp-exec-form-${React.useId()}`;
  const drawn = React.useMemo(() => drawnSchema(schema), [schema]);
  const uiSchema = React.useMemo(() => uiOf(schema), [schema]);
  const context: IFormContext = { prefix, faults, schema };
  const formData = React.useMemo(
    () =>
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, asEdited(value)])
      ),
    [values]
  );
  return (
    <div className="jp-exec-form">
      <FormComponent
        tagName="div"
        schema={drawn}
        uiSchema={uiSchema as never}
        formData={formData as never}
        formContext={context}
        idPrefix={prefix}
        idSeparator="_"
        disabled={disabled}
        validator={NO_VALIDATOR as never}
        noValidate={true}
        showErrorList={false}
        templates={TEMPLATES as never}
        widgets={WIDGETS as never}
        onChange={({ formData }) => onChange(formData as FormValues)}
      />
    </div>
  );
}

/** The schema for rjsf: without defaults, which `values` hold, and with lists as text. */
function drawnSchema(schema: IValuesSchema): RJSFSchema {
  const drawn = Object.entries(schema.properties).map(([name, property]) => [
    name,
    {
      ...property,
      type: property.type === 'array' ? 'string' : property.type,
      default: undefined
    }
  ]);
  return {
    type: 'object',
    properties: Object.fromEntries(drawn),
    required: [...(schema.required ?? [])]
  };
}

function uiOf(schema: IValuesSchema): UiSchema {
  const long = Object.entries(schema.properties).filter(
    ([, { type, default: value }]) =>
      type === 'string' && typeof value === 'string' && value.includes('\n')
  );
  return Object.fromEntries(
    long.map(([name]) => [name, { 'ui:widget': 'textarea' }])
  );
}

/** A field with its label, its explanation, its default where another value is set, its faults. */
function FieldTemplate(props: FieldTemplateProps): JSX.Element {
  const { trans } = useExec();
  const { id, label, required, children, schema } = props;
  const context = props.formContext as IFormContext;
  if (id === context.prefix) {
    return <>{children}</>;
  }
  const name = id.slice(context.prefix.length + 1);
  const faults = context.faults[name] ?? [];
  const property = context.schema.properties[name];
  const isBoolean = schema.type === 'boolean' && !schema.enum;
  return (
    <div className="jp-exec-field" data-faulty={faults.length > 0 || undefined}>
      {!isBoolean && (
        <label className="jp-exec-field-label" htmlFor={id}>
          {label}
          {required && (
            <span className="jp-exec-required" title={trans.__('required')}>
              {' *'}
            </span>
          )}
        </label>
      )}
      {children}
      <Hint
        id={`${id}__description`}
        property={property}
        value={props.formData}
      />
      <Faults id={`${id}__error`} faults={faults} />
    </div>
  );
}

function Hint(props: {
  id: string;
  property: IPropertySchema | undefined;
  value: unknown;
}): JSX.Element | null {
  const { trans } = useExec();
  const { description, default: given } = props.property ?? {};
  const isChanged = given !== undefined && asEdited(given) !== props.value;
  if (!description && !isChanged) {
    return null;
  }
  return (
    <div className="jp-exec-field-hint" id={props.id}>
      {description}
      {description && isChanged && ' · '}
      {isChanged &&
        (given === ''
          ? trans.__('Default: empty')
          : trans.__('Default: %1', String(asEdited(given))))}
    </div>
  );
}

/** What is wrong with a field; nothing where nothing is. */
export function Faults(props: {
  id?: string;
  faults: readonly string[];
}): JSX.Element | null {
  return props.faults.length === 0 ? null : (
    <div className="jp-exec-field-faults" id={props.id} role="alert">
      {props.faults.map((fault, index) => (
        <div key={index}>{fault}</div>
      ))}
    </div>
  );
}

/** All fields in their groups; those without a group come first. */
function ObjectFieldTemplate(props: ObjectFieldTemplateProps): JSX.Element {
  const { schema } = props.formContext as unknown as IFormContext;
  const groups = new Map<string, JSX.Element[]>([['', []]]);
  for (const { name, content } of props.properties) {
    const group = schema.properties[name]?.['x-group'] ?? '';
    groups.set(group, [...(groups.get(group) ?? []), content]);
  }
  return (
    <>
      {[...groups].map(([group, fields]) =>
        group === '' ? (
          <React.Fragment key="">{fields}</React.Fragment>
        ) : (
          <fieldset key={group} className="jp-exec-form-group">
            <legend>{group}</legend>
            {fields}
          </fieldset>
        )
      )}
    </>
  );
}

/** Text, numbers and lists: a plain field, which takes what is typed. */
function TextWidget(props: WidgetProps): JSX.Element {
  const { id, value, required, disabled, schema, onChange, formContext } =
    props;
  const name = id.slice((formContext as IFormContext).prefix.length + 1);
  const isNumber = schema.type === 'number' || schema.type === 'integer';
  return (
    <input
      id={id}
      className="jp-exec-input"
      type={schema.format === 'password' ? 'password' : 'text'}
      autoComplete={schema.format === 'password' ? 'new-password' : 'off'}
      spellCheck={false}
      inputMode={isNumber ? 'decimal' : undefined}
      value={value === undefined || value === null ? '' : String(value)}
      disabled={disabled}
      aria-required={required}
      aria-invalid={name in (formContext as IFormContext).faults}
      aria-describedby={`${id}__error ${id}__description`}
      onChange={({ target }) =>
        onChange(target.value === '' ? undefined : target.value)
      }
    />
  );
}

function CheckboxWidget(props: WidgetProps): JSX.Element {
  return (
    <label className="jp-exec-check">
      <input
        id={props.id}
        type="checkbox"
        checked={props.value === true}
        disabled={props.disabled}
        aria-describedby={`${props.id}__error ${props.id}__description`}
        onChange={({ target }) => props.onChange(target.checked)}
      />
      {props.label}
    </label>
  );
}

const TEMPLATES = { FieldTemplate, ObjectFieldTemplate };
const WIDGETS = {
  TextWidget,
  PasswordWidget: TextWidget,
  CheckboxWidget
};
