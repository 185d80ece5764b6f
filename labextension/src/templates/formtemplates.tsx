import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { FieldTemplateProps, ObjectFieldTemplateProps } from '@rjsf/utils';
import * as React from 'react';

import type { IField } from '../model/templatefields';
import type { SpaceWay } from '../model/sweepspace';
import {
  faultText,
  isShown,
  keyOf,
  limitsText,
  useFormView
} from './formcontext';
import { SpaceEditor } from './spaceeditor';

/** A parameter: its label, its control, what it is, and what is wrong with it. */
export function ParameterTemplate(props: FieldTemplateProps): JSX.Element {
  const view = useFormView();
  if (props.id === view.prefix) {
    return <>{props.children}</>;
  }
  return <Parameter {...props} />;
}

function Parameter(props: FieldTemplateProps): JSX.Element {
  const view = useFormView();
  const { form, trans } = view;
  const key = keyOf(view, props.id);
  const field = form.field(key);
  const input = form.space(key);
  const isCheck = field.kind === 'boolean' && field.options === null;
  const limits = limitsText(trans, field);
  return (
    <div
      className="jp-exec-parameter"
      data-check={isCheck && input === undefined}
      hidden={!isShown(field, view.filter)}
      onBlur={() => form.touch(key)}
    >
      <div className="jp-exec-parameter-head">
        <label htmlFor={props.id} title={field.name}>
          {field.label}
          {field.isRequired && (
            <span className="jp-exec-parameter-required" aria-hidden="true">
              {' *'}
            </span>
          )}
        </label>
        {form.isSweep && !field.isSecret && <WayChoice field={field} />}
      </div>
      <div className="jp-exec-parameter-control">
        {input === undefined ? (
          props.children
        ) : (
          <SpaceEditor id={props.id} field={field} input={input} />
        )}
      </div>
      <div className="jp-exec-parameter-about" id={`${props.id}__description`}>
        {limits && <span className="jp-exec-parameter-limits">{limits}</span>}
        {field.description && limits && ' '}
        {field.description}
      </div>
      <FieldFault id={props.id} />
    </div>
  );
}

/** What is wrong with a field or a setting, read out when it appears. */
export function FieldFault({ id }: { id: string }): JSX.Element {
  const view = useFormView();
  const fault = view.form.shownFault(keyOf(view, id));
  return (
    <div className="jp-exec-parameter-fault" id={`${id}__error`} role="alert">
      {fault && faultText(view.trans, fault)}
    </div>
  );
}

/** Whether a parameter takes one value in a sweep, or several, and how those are said. */
function WayChoice({ field }: { field: IField }): JSX.Element {
  const { form, trans } = useFormView();
  const isNumber = field.kind === 'integer' || field.kind === 'number';
  const isTyped = isNumber && field.options === null;
  const way = form.space(field.key)?.way ?? '';
  return (
    <select
      className="jp-exec-space-way"
      data-several={way !== ''}
      aria-label={trans.__('Values of %1', field.label)}
      value={way}
      onChange={event =>
        form.setWay(field.key, (event.target.value || null) as SpaceWay | null)
      }
    >
      <option value="">{trans.__('one value')}</option>
      <option value="choice">{trans.__('a list')}</option>
      {isTyped && <option value="range">{trans.__('a range')}</option>}
      {isTyped && field.kind === 'number' && (
        <>
          <option value="uniform">{trans.__('drawn, uniform')}</option>
          <option value="loguniform">{trans.__('drawn, log-uniform')}</option>
        </>
      )}
    </select>
  );
}

/** All parameters: those without a group, then each group below its heading. */
export function ParametersTemplate(
  props: ObjectFieldTemplateProps
): JSX.Element {
  const view = useFormView();
  const { form, filter, trans } = view;
  const contents = new Map(
    props.properties.map(property => [property.name, property.content])
  );
  const groups = [...new Set(form.fields.map(field => field.group))];
  const isNone = !form.fields.some(field => isShown(field, filter));
  return (
    <div className="jp-exec-parameters">
      {groups.map(group => {
        const fields = form.fields.filter(field => field.group === group);
        const shown = fields.filter(field => isShown(field, filter));
        const content = fields.map(field => contents.get(field.key));
        return group === '' ? (
          <div key="" className="jp-exec-parameters-group">
            {content}
          </div>
        ) : (
          <Group key={group} name={group} fields={fields} count={shown.length}>
            {content}
          </Group>
        );
      })}
      {isNone && form.fields.length > 0 && (
        <p className="jp-exec-parameters-none">
          {trans.__('No parameter holds this text.')}
        </p>
      )}
    </div>
  );
}

function Group(props: {
  name: string;
  fields: readonly IField[];
  count: number;
  children: React.ReactNode;
}): JSX.Element {
  const { form, filter, open, toggle, trans, prefix } = useFormView();
  const { name, fields, count } = props;
  const isOpen = filter.trim() !== '' || open.has(name);
  const faults = fields.filter(field => form.shownFault(field.key) !== null);
  const Caret = isOpen ? caretDownIcon.react : caretRightIcon.react;
  const id = `${prefix}-group-${fields[0].key}`;
  return (
    <section className="jp-exec-parameter-group" hidden={count === 0}>
      <h3>
        <button
          type="button"
          className="jp-exec-parameter-group-head"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => toggle(name)}
        >
          <Caret tag="span" className="jp-exec-parameter-group-caret" />
          <span className="jp-exec-parameter-group-name">{name}</span>
          <span className="jp-exec-parameter-group-count">{fields.length}</span>
          {faults.length > 0 && (
            <span className="jp-exec-parameter-group-faults">
              {trans._n('%1 to mend', '%1 to mend', faults.length)}
            </span>
          )}
        </button>
      </h3>
      <div id={id} className="jp-exec-parameters-group" hidden={!isOpen}>
        {props.children}
      </div>
    </section>
  );
}
