import '../../style/templateform.css';

import { Notification } from '@jupyterlab/apputils';
import { FormComponent } from '@jupyterlab/ui-components';
import type { RJSFSchema, UiSchema } from '@rjsf/utils';
import { customizeValidator } from '@rjsf/validator-ajv8';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { useAsync, useSignal } from '../components/hooks';
import { Failure } from '../components/notice';
import { Flights } from '../model/flights';
import type { IField, ISchemaFault } from '../model/templatefields';
import { TemplateFormModel } from '../model/templateform';
import type { TemplateSchema } from '../types';
import { CheckControl, ChoiceControl, EntryControl } from './controls';
import { FormViewProvider, IFormView } from './formcontext';
import { FormFoot, FormHead } from './formframe';
import { ParametersTemplate, ParameterTemplate } from './formtemplates';
import { RunSettings, SweepSettings } from './runsettings';

/** With more parameters than this, there is a box to find one, and headings are closed at first. */
const MANY = 12;
const validator = customizeValidator<ReadonlyJSONObject>();
const WIDGETS = {
  entry: EntryControl,
  choice: ChoiceControl,
  check: CheckControl
};
const TEMPLATES = {
  FieldTemplate: ParameterTemplate,
  ObjectFieldTemplate: ParametersTemplate
};

function validate(schema: object, data: unknown): ISchemaFault[] {
  const { errors } = validator.rawValidation<ISchemaFault>(
    schema,
    data as ReadonlyJSONObject
  );
  return errors ?? [];
}

type Layout = UiSchema<ReadonlyJSONObject>;

/** What rjsf lays out: one control a field. What the values may be, the model checks. */
function layoutOf(fields: readonly IField[]): [RJSFSchema, Layout] {
  const properties: Record<string, RJSFSchema> = {};
  const ui: Record<string, object> = {};
  for (const field of fields) {
    const isCheck = field.kind === 'boolean' && field.options === null;
    properties[field.key] = { type: isCheck ? 'boolean' : 'string' };
    ui[field.key] = {
      'ui:widget': isCheck ? 'check' : field.options ? 'choice' : 'entry',
      'ui:emptyValue': ''
    };
  }
  return [{ type: 'object', properties }, ui as Layout];
}

interface ITemplateFormProps {
  readonly name: string;
  /** Values to begin with, in place of the defaults. */
  readonly params?: Readonly<Record<string, unknown>>;
}

/** The form of a template: reads its schema, and shows it. */
export function TemplateForm(props: ITemplateFormProps): JSX.Element {
  const { model, trans } = useExec();
  const { name } = props;
  const { data, error, isLoading, reload } = useAsync(
    () => model.templates.api.schema(name),
    [model, name]
  );
  if (error !== null) {
    return <Failure error={error} onRetry={reload} />;
  }
  return data === undefined || isLoading ? (
    <div className="jp-exec-empty" role="status">
      {trans.__('Reading the template…')}
    </div>
  ) : (
    <Form {...props} schema={data} onReload={reload} />
  );
}

function Form(
  props: ITemplateFormProps & {
    schema: TemplateSchema;
    onReload: () => void;
  }
): JSX.Element {
  const { model, trans, commands } = useExec();
  const { name, schema } = props;
  const prefix = 'jp-exec-form' + React.useId().replace(/:/g, '');
  const form = React.useMemo(
    () => new TemplateFormModel(schema, validate, props.params),
    [schema]
  );
  const [layout, ui] = React.useMemo(() => layoutOf(form.fields), [form]);
  const isMany = form.fields.length > MANY;
  const [filter, setFilter] = React.useState('');
  const [open, setOpen] = React.useState<ReadonlySet<string>>(
    () => new Set(groupsAtFirst(form.fields))
  );
  const [isSending, setIsSending] = React.useState(false);
  const flights = React.useMemo(() => new Flights(), []);
  const [isChanged, setIsChanged] = React.useState(false);
  const [focus, setFocus] = React.useState<{ key: string } | null>(null);
  const root = React.useRef<HTMLFormElement>(null);
  useSignal(form.changed);

  React.useEffect(() => {
    const onChanged = (_: unknown, changed: string) => {
      if (changed === name) {
        setIsChanged(true);
      }
    };
    model.templates.changed.connect(onChanged);
    return () => {
      model.templates.changed.disconnect(onChanged);
    };
  }, [model, name]);

  // After the heading has opened: a control that is hidden takes no focus.
  React.useEffect(() => {
    root.current
      ?.querySelector<HTMLElement>(`[id="${prefix}_${focus?.key}"]`)
      ?.focus();
  }, [focus]);

  const view: IFormView = {
    form,
    trans,
    prefix,
    filter,
    open,
    toggle: group =>
      setOpen(old => {
        const next = new Set(old);
        return next.delete(group) ? next : next.add(group);
      })
  };

  /** Bring the first fault into sight, and the keyboard to it. */
  const showFault = () => {
    const key = form.faulty[0];
    if (key !== undefined) {
      const field = form.fields.find(each => each.key === key);
      setFilter('');
      setOpen(old => new Set([...old, field?.group ?? '']));
      setFocus({ key });
    }
  };

  const submit = async () => {
    form.touchAll();
    if (form.faulty.length > 0) {
      showFault();
      return;
    }
    setIsSending(true);
    try {
      const run = form.isSweep
        ? await model.templates.api.sweep(name, form.sweepRequest())
        : await model.templates.api.run(name, form.runRequest());
      form.accepted();
      model.store.add([run]);
      Notification.success(trans.__('Started %1', run.displayName), {
        autoClose: 5000
      });
      await commands.execute(CommandIDs.openRun, { runId: run.runId });
    } catch (error) {
      form.refuse(error as Error);
      showFault();
    } finally {
      setIsSending(false);
    }
  };

  return (
    <FormViewProvider value={view}>
      <form
        ref={root}
        className="jp-exec-templateform"
        aria-label={trans.__('Run %1', name)}
        noValidate
        autoComplete="off"
        onSubmit={event => {
          event.preventDefault();
          // What is rendered may lag behind clicks that come at once.
          void flights.take('submit', submit);
        }}
      >
        <div className="jp-exec-templateform-page">
          <FormHead name={name} description={schema.description ?? ''} />
          {isChanged && (
            <div className="jp-exec-template-note" role="status">
              {trans.__('The template has changed since this form was opened.')}{' '}
              <button
                type="button"
                className="jp-exec-button"
                onClick={() => {
                  setIsChanged(false);
                  props.onReload();
                }}
              >
                {trans.__('Read it again')}
              </button>
            </div>
          )}
          {isMany && (
            <input
              className="jp-exec-entry jp-exec-template-find"
              type="search"
              placeholder={trans.__(
                'Find one of %1 parameters',
                form.fields.length
              )}
              aria-label={trans.__('Find a parameter')}
              value={filter}
              onChange={event => setFilter(event.target.value)}
            />
          )}
          {form.fields.length === 0 ? (
            <p className="jp-exec-parameters-none">
              {trans.__('This template has no parameters.')}
            </p>
          ) : (
            <FormComponent
              tagName="div"
              className="jp-exec-rjsf"
              schema={layout}
              uiSchema={ui}
              idPrefix={prefix}
              formData={form.entries as ReadonlyJSONObject}
              onChange={event =>
                form.setEntries(event.formData as Record<string, string>)
              }
              validator={validator}
              noValidate
              noHtml5Validate
              showErrorList={false}
              widgets={WIDGETS}
              templates={TEMPLATES}
            />
          )}
          {form.isSweep && <SweepSettings />}
          <RunSettings />
        </div>
        <FormFoot isSending={isSending} onShowFault={showFault} form={form} />
      </form>
    </FormViewProvider>
  );
}

/** All headings where there are few parameters; otherwise those that must be seen to. */
function groupsAtFirst(fields: readonly IField[]): string[] {
  return fields
    .filter(
      (field, index) =>
        fields.length <= MANY ||
        index === 0 ||
        (field.isRequired && field.initial === '')
    )
    .map(field => field.group);
}
