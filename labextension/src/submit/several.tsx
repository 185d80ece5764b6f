import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useExec } from '../components/context';
import { Field, idOf, TextField, useSubmit } from './fields';
import {
  FRAMEWORKS,
  isOneProcess,
  SEVERAL,
  usualCommunicator
} from './frameworks';

/** Framework, processes and nodes: closed until somebody wants them. */
export function SeveralProcesses(): JSX.Element | null {
  const model = useSubmit();
  const { trans } = useExec();
  const { state, subject, faults } = model;
  const isSaid = SEVERAL.some(field => state[field] !== '');
  const [isOpen, setOpen] = React.useState(subject.run !== null && isSaid);
  const isFaulty = SEVERAL.some(field => faults[field] !== undefined);
  React.useEffect(() => {
    if (isFaulty) {
      setOpen(true);
    }
  }, [isFaulty, model.refusals]);
  if (!model.fields.has('framework')) {
    return null;
  }
  const isOne = isOneProcess(subject, state);
  const Caret = isOpen ? caretDownIcon.react : caretRightIcon.react;
  return (
    <section className="jp-exec-submit-more jp-exec-submit-several">
      <button
        type="button"
        className="jp-exec-submit-toggle"
        aria-expanded={isOpen}
        aria-controls="jp-exec-submit-several"
        onClick={() => setOpen(!isOpen)}
      >
        <Caret tag="span" />
        {trans.__('Several processes')}
        {!isOpen && !isOne && <Summary />}
      </button>
      <fieldset
        id="jp-exec-submit-several"
        hidden={!isOpen}
        disabled={isOne}
        aria-label={trans.__('Several processes')}
        aria-describedby="jp-exec-submit-several-hint"
      >
        <p className="jp-exec-field-hint" id="jp-exec-submit-several-hint">
          {isOne
            ? trans.__(
                'A notebook has one kernel, which is one process. Several share a script or a command.'
              )
            : trans.__(
                'CPUs, memory and GPUs are of each process. All of them start together, or none.'
              )}
        </p>
        <div className="jp-exec-columns">
          <Framework />
          <Communicator />
        </div>
        <div className="jp-exec-columns">
          <TextField
            field="processes"
            label={trans.__('Processes')}
            placeholder="1"
            hint={trans.__('Of the whole job.')}
          />
          <TextField
            field="nodes"
            label={trans.__('Nodes')}
            placeholder="1"
            hint={trans.__('On one machine a node is a group of processes.')}
          />
        </div>
      </fieldset>
    </section>
  );
}

/** What is set, in a few words, while it is closed. */
function Summary(): JSX.Element {
  const { state } = useSubmit();
  const { trans } = useExec();
  const { framework, communicator, processes, nodes } = state;
  const parts = [
    framework,
    communicator,
    processes &&
      trans._n('%1 process', '%1 processes', Number(processes) || 2, processes),
    nodes && trans._n('%1 node', '%1 nodes', Number(nodes) || 2, nodes)
  ];
  return (
    <span className="jp-exec-submit-summary">
      {parts.filter(Boolean).join(' · ')}
    </span>
  );
}

/** Names to choose from, with one that no list has where it is there already. */
function withPresent(names: readonly string[], present: string): string[] {
  return present === '' || names.includes(present)
    ? [...names]
    : [...names, present];
}

function Choice(props: {
  field: 'framework' | 'communicator';
  label: string;
  /** What nothing stands for. */
  empty: string;
  names: readonly string[];
  onChoose: (name: string) => void;
}): JSX.Element {
  const { state, faults } = useSubmit();
  const { field } = props;
  const id = idOf(field);
  return (
    <Field field={field} label={props.label}>
      <select
        id={id}
        className="jp-exec-input"
        value={state[field]}
        aria-invalid={faults[field] !== undefined}
        aria-describedby={`${id}-faults`}
        onChange={({ target }) => props.onChoose(target.value)}
      >
        <option value="">{props.empty}</option>
        {withPresent(props.names, state[field]).map(name => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}

function Framework(): JSX.Element {
  const model = useSubmit();
  const { trans } = useExec();
  const names = FRAMEWORKS.map(({ name }) => name);
  return (
    <Choice
      field="framework"
      label={trans.__('Framework')}
      empty={trans.__('None in particular')}
      names={names}
      // What belongs to another framework would be refused.
      onChoose={framework => model.update({ framework, communicator: '' })}
    />
  );
}

function Communicator(): JSX.Element {
  const model = useSubmit();
  const { trans } = useExec();
  const { framework, gpus } = model.state;
  const name = framework || 'Python';
  const known = FRAMEWORKS.find(each => each.name === name);
  const usual = usualCommunicator(framework, gpus);
  return (
    <Choice
      field="communicator"
      label={trans.__('Communicator')}
      empty={
        usual === undefined
          ? trans.__('The usual one')
          : usual === 'ParameterServer'
            ? trans.__('The usual one (workers alone)')
            : trans.__('The usual one (%1)', usual)
      }
      names={known?.communicators ?? []}
      onChoose={communicator => model.update({ communicator })}
    />
  );
}
