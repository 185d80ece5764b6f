import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useExec } from '../components/context';
import { Faults } from '../components/schemaform';
import { Environment, environmentText } from './environment';
import { Image } from './image';
import {
  CheckField,
  Field,
  idOf,
  Secrets,
  TextField,
  useSubmit
} from './fields';
import { SEVERAL } from './frameworks';
import type { SubmitModel } from './model';
import type { FieldId } from './state';

/** The fields that are always shown; all others are below "More". */
const SHOWN: ReadonlySet<FieldId> = new Set<FieldId>([
  'name',
  'script',
  'command',
  'arguments',
  'values',
  'others',
  ...SEVERAL
]);

function isFaulty(model: SubmitModel): boolean {
  return Object.keys(model.faults).some(name => !SHOWN.has(name as FieldId));
}

/** Experiment, target, environment, resources and the rest: closed until somebody wants them. */
export function More(): JSX.Element {
  const model = useSubmit();
  const { trans } = useExec();
  const asksSecrets =
    model.subject.run !== null && model.state.secrets.length > 0;
  const [isOpen, setOpen] = React.useState(asksSecrets);
  React.useEffect(() => {
    if (isFaulty(model)) {
      setOpen(true);
    }
  }, [model, model.refusals]);
  const Caret = isOpen ? caretDownIcon.react : caretRightIcon.react;
  return (
    <section className="jp-exec-submit-more">
      <button
        type="button"
        className="jp-exec-submit-toggle"
        aria-expanded={isOpen}
        aria-controls="jp-exec-submit-more"
        onClick={() => setOpen(!isOpen)}
      >
        <Caret tag="span" />
        {trans.__('More')}
        {!isOpen && <Summary />}
      </button>
      <div id="jp-exec-submit-more" hidden={!isOpen}>
        <div className="jp-exec-columns">
          <TextField
            field="experiment"
            label={trans.__('Experiment')}
            placeholder={model.subject.experiment}
          />
          <Target />
        </div>
        <Image />
        <Environment />
        <Resources />
        <TextField
          field="tags"
          label={trans.__('Tags')}
          placeholder="owner=me, draft"
        />
        <TextField
          field="variables"
          label={trans.__('Environment variables')}
          placeholder="OMP_NUM_THREADS=1"
          hint={trans.__('One a line: NAME=value.')}
          lines={2}
        />
        <Secrets />
        {model.fields.has('files') && <Snapshot />}
      </div>
    </section>
  );
}

/** What is set below, in a few words, while it is closed. */
function Summary(): JSX.Element {
  const model = useSubmit();
  const { trans } = useExec();
  const { state } = model;
  const parts = [
    environmentText(model, trans),
    model.fields.has('target') && state.target,
    model.isContained && state.image,
    state.cpus &&
      trans._n('%1 CPU', '%1 CPUs', Number(state.cpus) || 2, state.cpus),
    state.memory,
    state.gpus &&
      trans._n('%1 GPU', '%1 GPUs', Number(state.gpus) || 2, state.gpus),
    state.timeLimit && trans.__('at most %1', state.timeLimit),
    state.tags,
    state.secrets.length > 0 &&
      trans._n('%1 secret', '%1 secrets', state.secrets.length)
  ];
  return (
    <span className="jp-exec-submit-summary">
      {parts.filter(Boolean).join(' · ')}
    </span>
  );
}

function Target(): JSX.Element | null {
  const model = useSubmit();
  const { trans } = useExec();
  const id = idOf('target');
  return (
    <Field field="target" label={trans.__('Target')}>
      <select
        id={id}
        className="jp-exec-input"
        value={model.state.target}
        aria-describedby={`${id}-faults`}
        onChange={({ target }) => model.chooseTarget(target.value)}
      >
        {model.subject.run === null && (
          <option value="">{trans.__('Default')}</option>
        )}
        {model.options.targets.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** What the run may use; the fields are too narrow for sentences, which stand below all of them. */
function Resources(): JSX.Element {
  const model = useSubmit();
  const { trans } = useExec();
  const fields = [
    ['cpus', trans.__('CPUs'), '1'],
    ['memory', trans.__('Memory'), trans.__('e.g. 2G')],
    ['gpus', trans.__('GPUs'), '0'],
    ['timeLimit', trans.__('Time limit'), trans.__('e.g. 2h')],
    ['retries', trans.__('Retries'), '0']
  ] as const;
  return (
    <div className="jp-exec-resources">
      <div className="jp-exec-columns jp-mod-narrow">
        {fields.map(([field, label, placeholder]) => (
          <TextField
            key={field}
            field={field}
            label={label}
            placeholder={placeholder}
            isBrief
          />
        ))}
      </div>
      {fields.map(([field, label]) => (
        <Faults
          key={field}
          id={`${idOf(field)}-faults`}
          faults={(model.faults[field] ?? []).map(fault =>
            trans.__('%1: %2', label, fault)
          )}
        />
      ))}
      <Faults faults={model.faults.resources ?? []} />
    </div>
  );
}

/** Which part of the folder the run gets. */
function Snapshot(): JSX.Element {
  const { subject } = useSubmit();
  const { trans } = useExec();
  const folder = subject.folder || trans.__("the server's root folder");
  return (
    <fieldset className="jp-exec-form-group">
      <legend>{trans.__('Files')}</legend>
      <p className="jp-exec-field-hint">
        {trans.__('The run gets a copy of %1 as it is now.', folder)}
      </p>
      <TextField
        field="files"
        label={trans.__('Only these files')}
        placeholder="*.py data/*.csv"
      />
      <TextField
        field="link"
        label={trans.__('Big folders to show without copying')}
        placeholder="data"
      />
      {subject.kind !== 'folder' && (
        <CheckField
          field="large"
          label={trans.__(
            'Take the folder even if it has more than 2,000 files or 50 MB'
          )}
        />
      )}
    </fieldset>
  );
}
