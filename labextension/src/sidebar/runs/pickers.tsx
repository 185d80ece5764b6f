import * as React from 'react';

import { useExec } from '../../components/context';
import { useAsync } from '../../components/hooks';
import { statusText } from '../../components/status';
import { ACTIVE } from '../../model/lifecycle';
import type { IRunFilter, RunStatus } from '../../types';

const SUGGESTED = 200;
const PAUSE_MS = 250;
const ENDED: readonly RunStatus[] = ['Completed', 'Failed', 'Canceled'];

/** What else narrows the list: state, experiment, target, tag. */
export default function Pickers(props: {
  filter: IRunFilter;
  onChange: (changes: Partial<IRunFilter>) => void;
}): JSX.Element {
  const { model, trans } = useExec();
  const { filter, onChange } = props;
  const targets = useAsync(() => model.runs.targets(), [model]);
  const experiments = useAsync(
    () => model.runs.experiments(SUGGESTED),
    [model]
  );
  const names = (targets.data ?? []).map(target => target.name);
  if (filter.target && !names.includes(filter.target)) {
    names.push(filter.target);
  }
  return (
    <div className="jp-exec-pickers">
      <StatusPicker
        status={filter.status}
        onChange={status => onChange({ status })}
      />
      <label>
        <span>{trans.__('Target')}</span>
        <select
          className="jp-mod-styled"
          value={filter.target ?? ''}
          onChange={event => onChange({ target: event.target.value })}
        >
          <option value="">{trans.__('All')}</option>
          {names.map(name => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <TextPicker
        label={trans.__('Experiment')}
        value={filter.experiment ?? ''}
        suggested={(experiments.data?.experiments ?? []).map(
          ({ name }) => name
        )}
        onChange={experiment => onChange({ experiment })}
      />
      <TextPicker
        label={trans.__('Tag')}
        placeholder={trans.__('name[=value]')}
        value={filter.tag ?? ''}
        suggested={React.useMemo(() => model.store.tags(), [model])}
        onChange={tag => onChange({ tag })}
      />
    </div>
  );
}

function StatusPicker(props: {
  status: readonly RunStatus[] | undefined;
  onChange: (status: readonly RunStatus[]) => void;
}): JSX.Element {
  const { trans } = useExec();
  const choices: [string, readonly RunStatus[]][] = [
    [trans.__('All'), []],
    [trans.__('Not ended'), ACTIVE],
    [trans.__('Waiting'), ['NotStarted', 'Queued']],
    [trans.__('Running'), ['Running', 'NotResponding', 'Finalizing']],
    ...ENDED.map((status): [string, readonly RunStatus[]] => [
      statusText(trans, status),
      [status]
    ])
  ];
  const value = choices.findIndex(
    ([, statuses]) => statuses.join() === (props.status ?? []).join()
  );
  return (
    <label>
      <span>{trans.__('State')}</span>
      <select
        className="jp-mod-styled"
        value={value}
        onChange={event =>
          props.onChange(choices[Number(event.target.value)][1])
        }
      >
        {choices.map(([label], index) => (
          <option key={label} value={index}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A text with suggestions; it takes effect when one is chosen, or after a pause. */
function TextPicker(props: {
  label: string;
  placeholder?: string;
  value: string;
  suggested: readonly string[];
  onChange: (value: string) => void;
}): JSX.Element {
  const { trans } = useExec();
  const id = React.useId();
  const { value } = props;
  const [text, setText] = React.useState(value);
  const change = React.useRef(props.onChange);
  change.current = props.onChange;
  React.useEffect(() => setText(value), [value]);
  React.useEffect(() => {
    if (text.trim() === value) {
      return undefined;
    }
    const timer = setTimeout(() => change.current(text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label>
      <span>{props.label}</span>
      <input
        type="text"
        className="jp-mod-styled"
        list={id}
        value={text}
        placeholder={props.placeholder ?? trans.__('All')}
        spellCheck={false}
        onChange={event => setText(event.target.value)}
      />
      <datalist id={id}>
        {props.suggested.map(name => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </label>
  );
}
