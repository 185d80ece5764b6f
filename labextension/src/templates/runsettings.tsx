import * as React from 'react';

import type { IRunSettings } from '../model/templateform';
import { useFormView } from './formcontext';
import { FieldFault } from './formtemplates';

type Name = keyof IRunSettings;

function Setting(props: {
  name: Name;
  label: string;
  about?: string;
  placeholder?: string;
  isRequired?: boolean;
  options?: readonly (readonly [string, string])[];
}): JSX.Element {
  const { form, prefix } = useFormView();
  const { name, label, about, options, placeholder } = props;
  const id = `${prefix}_${name}`;
  const common = {
    id,
    className: 'jp-exec-entry',
    value: form.settings[name],
    'aria-describedby': `${id}__description ${id}__error`,
    'aria-invalid': form.shownFault(name) !== null,
    onChange: (
      event: React.ChangeEvent<HTMLInputElement | HTMLSelectElement>
    ) => form.setSettings({ [name]: event.target.value })
  };
  return (
    <div className="jp-exec-parameter" onBlur={() => form.touch(name)}>
      <div className="jp-exec-parameter-head">
        <label htmlFor={id}>
          {label}
          {props.isRequired && (
            <span className="jp-exec-parameter-required" aria-hidden="true">
              {' *'}
            </span>
          )}
        </label>
      </div>
      <div className="jp-exec-parameter-control">
        {options ? (
          <select {...common}>
            {options.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        ) : (
          <input
            {...common}
            type="text"
            autoComplete="off"
            placeholder={placeholder}
          />
        )}
      </div>
      <div className="jp-exec-parameter-about" id={`${id}__description`}>
        {about}
      </div>
      <FieldFault id={id} />
    </div>
  );
}

/** What the run is called, and what it belongs to. */
export function RunSettings(): JSX.Element {
  const { trans } = useFormView();
  return (
    <section
      className="jp-exec-template-settings"
      aria-label={trans.__('This run')}
    >
      <h3>{trans.__('This run')}</h3>
      <div className="jp-exec-parameters-group">
        <Setting
          name="displayName"
          label={trans.__('Run name')}
          placeholder={trans.__('as the template has it')}
        />
        <Setting
          name="experiment"
          label={trans.__('Experiment')}
          placeholder={trans.__('as the template has it')}
        />
        <Setting
          name="tags"
          label={trans.__('Tags')}
          placeholder="owner=me, nightly"
        />
      </div>
    </section>
  );
}

/** How a sweep goes about it. */
export function SweepSettings(): JSX.Element {
  const { form, trans } = useFormView();
  const isRandom = form.sampling === 'random';
  const random: [string, string] = ['random', trans.__('drawn at random')];
  return (
    <section
      className="jp-exec-template-settings"
      aria-label={trans.__('The sweep')}
    >
      <h3>{trans.__('The sweep')}</h3>
      <div className="jp-exec-parameters-group">
        <Setting
          name="sampling"
          label={trans.__('Values are')}
          options={
            form.isEndless
              ? [random]
              : [['', trans.__('every combination (grid)')], random]
          }
        />
        <Setting
          name="trials"
          label={trans.__('Trials')}
          placeholder={isRandom ? '20' : trans.__('all')}
          about={trans.__('At most so many.')}
        />
        <Setting
          name="maxParallel"
          label={trans.__('At the same time')}
          placeholder={trans.__('as many as there is room for')}
        />
        <Setting
          name="metric"
          label={trans.__('Metric')}
          isRequired={form.settings.earlyStopping !== 'none'}
          about={trans.__('What the trials are compared by.')}
        />
        <Setting
          name="goal"
          label={trans.__('Goal')}
          options={[
            ['minimize', trans.__('as small as possible')],
            ['maximize', trans.__('as big as possible')]
          ]}
        />
        <Setting
          name="earlyStopping"
          label={trans.__('Early stopping')}
          options={[
            ['none', trans.__('none')],
            ['median', trans.__('worse than the median')]
          ]}
        />
        {isRandom && (
          <Setting
            name="seed"
            label={trans.__('Seed')}
            placeholder="0"
            about={trans.__('The same seed draws the same values.')}
          />
        )}
      </div>
    </section>
  );
}
