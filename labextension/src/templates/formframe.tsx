import * as React from 'react';

import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { Failure } from '../components/notice';
import { MAX_TRIALS } from '../model/sweepspace';
import type { TemplateFormModel } from '../model/templateform';

/** Above the form: what it is of, and where else that is seen. */
export function FormHead(props: {
  name: string;
  description: string;
}): JSX.Element {
  const { trans, commands } = useExec();
  const { name, description } = props;
  return (
    <header className="jp-exec-templateform-head">
      <div className="jp-exec-templateform-title">
        <h2>{name}</h2>
        {description && <p>{description}</p>}
      </div>
      <div className="jp-exec-templateform-actions">
        <button
          type="button"
          className="jp-exec-button"
          onClick={() =>
            void commands.execute(CommandIDs.editTemplate, { name })
          }
        >
          {trans.__('Edit')}
        </button>
        <button
          type="button"
          className="jp-exec-button"
          onClick={() =>
            void commands.execute(CommandIDs.templateHistory, { name })
          }
        >
          {trans.__('History')}
        </button>
      </div>
    </header>
  );
}

/** Below the form, always in sight: what sends it, and what is wrong with it. */
export function FormFoot(props: {
  form: TemplateFormModel;
  isSending: boolean;
  onShowFault: () => void;
}): JSX.Element {
  const { trans } = useExec();
  const { form, isSending } = props;
  const shown = form.faulty.filter(key => form.shownFault(key) !== null);
  const trials = form.isSweep ? form.trials : null;
  const isNothing = form.isSweep && form.spaceCount === 0;
  const isTooMany = trials !== null && trials > MAX_TRIALS;
  return (
    <footer className="jp-exec-templateform-foot">
      {form.failure && <Failure error={form.failure} />}
      {form.others.length > 0 && (
        <ul className="jp-exec-templateform-others" role="alert">
          {form.others.map((fault, index) => (
            <li key={index}>
              {fault.target && <code>{fault.target}</code>} {fault.message}
            </li>
          ))}
        </ul>
      )}
      <div className="jp-exec-templateform-submit">
        <button
          type="submit"
          className="jp-exec-button jp-exec-primary"
          disabled={isSending || isNothing || isTooMany}
        >
          {isSending
            ? trans.__('Starting…')
            : form.isSweep
              ? trans.__('Start sweep')
              : trans.__('Run')}
        </button>
        {form.fields.length > 0 && (
          <label
            className="jp-exec-template-switch"
            title={trans.__('Try several values, one run for each combination')}
          >
            <input
              type="checkbox"
              role="switch"
              checked={form.isSweep}
              onChange={event => form.setSweep(event.target.checked)}
            />
            {trans.__('Sweep')}
          </label>
        )}
        <span
          className="jp-exec-templateform-trials"
          data-wrong={isTooMany}
          role="status"
        >
          {form.isSweep &&
            (isNothing
              ? trans.__('Choose several values for at least one parameter.')
              : trials !== null &&
                (isTooMany
                  ? trans.__(
                      '%1 trials are too many; %2 are the most.',
                      trials.toLocaleString(),
                      MAX_TRIALS.toLocaleString()
                    )
                  : trans._n('%1 trial', '%1 trials', trials)))}
        </span>
        {shown.length > 0 && (
          <button
            type="button"
            className="jp-exec-button jp-exec-templateform-faults"
            onClick={props.onShowFault}
          >
            {trans._n('%1 field to mend', '%1 fields to mend', shown.length)}
          </button>
        )}
      </div>
    </footer>
  );
}
