import * as React from 'react';

import type { ISpaceInput } from '../model/sweepspace';
import type { IField } from '../model/templatefields';
import { optionText } from './controls';
import { useFormView } from './formcontext';

interface ISpaceProps {
  /** Of the control that the field's label names. */
  readonly id: string;
  readonly field: IField;
  readonly input: ISpaceInput;
}

/** The values that a parameter takes in a sweep. */
export function SpaceEditor(props: ISpaceProps): JSX.Element {
  if (props.input.way !== 'choice') {
    return <Bounds {...props} />;
  }
  return props.field.options === null && props.field.kind !== 'boolean' ? (
    <List {...props} />
  ) : (
    <Picks {...props} />
  );
}

function List({ id, field, input }: ISpaceProps): JSX.Element {
  const { form } = useFormView();
  const isNumber = field.kind === 'integer' || field.kind === 'number';
  const example = isNumber ? '1, 2, 5' : 'one, two';
  return (
    <input
      id={id}
      className="jp-exec-entry"
      type="text"
      autoComplete="off"
      spellCheck={false}
      placeholder={field.kind === 'array' ? '[[1, 2], [3]]' : example}
      aria-describedby={`${id}__description ${id}__error`}
      aria-invalid={form.shownFault(field.key) !== null}
      value={input.text}
      onChange={event =>
        form.setSpace(field.key, { ...input, text: event.target.value })
      }
    />
  );
}

/** Ticks beside all that it can be. */
function Picks({ id, field, input }: ISpaceProps): JSX.Element {
  const { form } = useFormView();
  const options = field.options ?? [true, false];
  const pick = (option: unknown, isPicked: boolean) =>
    form.setSpace(field.key, {
      ...input,
      // In the order of the options, whatever was ticked first.
      picked: options.filter(each =>
        each === option ? isPicked : input.picked.includes(each)
      )
    });
  return (
    <div
      className="jp-exec-space-picks"
      role="group"
      aria-label={field.label}
      aria-describedby={`${id}__error`}
    >
      {options.map((option, index) => (
        <label key={index}>
          <input
            id={index === 0 ? id : undefined}
            aria-label={optionText(option)}
            type="checkbox"
            checked={input.picked.includes(option)}
            onChange={event => pick(option, event.target.checked)}
          />
          {optionText(option)}
        </label>
      ))}
    </div>
  );
}

function Bounds({ id, field, input }: ISpaceProps): JSX.Element {
  const { form, trans } = useFormView();
  const words =
    input.way === 'range'
      ? [trans.__('from'), trans.__('to below'), trans.__('step')]
      : [trans.__('from'), trans.__('to')];
  return (
    <div className="jp-exec-space-bounds" role="group" aria-label={field.label}>
      {words.map((word, index) => (
        <label key={index}>
          <span>{word}</span>
          <input
            id={index === 0 ? id : undefined}
            aria-label={`${field.label}: ${word}`}
            className="jp-exec-entry"
            type="text"
            inputMode="decimal"
            autoComplete="off"
            placeholder={index === 2 ? '1' : undefined}
            aria-describedby={`${id}__error`}
            aria-invalid={form.shownFault(field.key) !== null}
            value={input.bounds[index]}
            onChange={event => {
              const bounds = [...input.bounds] as [string, string, string];
              bounds[index] = event.target.value;
              form.setSpace(field.key, { ...input, bounds });
            }}
          />
        </label>
      ))}
    </div>
  );
}
