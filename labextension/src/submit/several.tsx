import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useExec } from '../components/context';
import { Field, idOf, TextField, useSubmit } from './fields';
import { countsOf, knownAs, usualCommunicator } from './frameworklist';
import { isOneProcess, SEVERAL } from './frameworks';

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
  const { frameworks } = model.options;
  const counts = countsOf(
    frameworks,
    state.framework,
    state.communicator,
    state.gpus
  );
  const takesProcesses = counts?.some(each => each !== 'nodeCount') ?? true;
  const takesNodes = counts?.includes('nodeCount') ?? true;
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
            // What is there can be taken away.
            isDisabled={!takesProcesses && state.processes === ''}
            hint={
              takesProcesses
                ? trans.__('Of the whole job.')
                : trans.__('Only nodes are counted here.')
            }
          />
          <TextField
            field="nodes"
            label={trans.__('Nodes')}
            placeholder="1"
            isDisabled={!takesNodes && state.nodes === ''}
            hint={
              takesNodes
                ? trans.__('On one machine a node is a group of processes.')
                : trans.__('Only processes are counted here.')
            }
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
  value: string;
  /** What nothing stands for. */
  empty: string;
  names: readonly string[];
  onChoose: (name: string) => void;
}): JSX.Element {
  const { faults } = useSubmit();
  const { field, value } = props;
  const id = idOf(field);
  return (
    <Field field={field} label={props.label}>
      <select
        id={id}
        className="jp-exec-input"
        value={value}
        aria-invalid={faults[field] !== undefined}
        aria-describedby={`${id}-faults`}
        onChange={({ target }) => props.onChoose(target.value)}
      >
        <option value="">{props.empty}</option>
        {withPresent(props.names, value).map(name => (
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
  const { frameworks } = model.options;
  const names = frameworks.map(({ name }) => name);
  return (
    <Choice
      field="framework"
      value={knownAs(model.state.framework, frameworks)}
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
  const { frameworks } = model.options;
  const known = frameworks.find(
    each => each.name === knownAs(name, frameworks)
  );
  const usual = usualCommunicator(framework, gpus, frameworks);
  return (
    <Choice
      field="communicator"
      value={model.state.communicator}
      label={trans.__('Communicator')}
      empty={
        usual === undefined
          ? known?.communicators.length === 0
            ? trans.__('None is needed')
            : trans.__('The usual one')
          : usual === 'ParameterServer'
            ? trans.__('The usual one (workers alone)')
            : trans.__('The usual one (%1)', usual)
      }
      names={known?.communicators ?? []}
      onChoose={communicator => model.update({ communicator })}
    />
  );
}
