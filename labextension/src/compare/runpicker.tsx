import * as React from 'react';

import { useExec } from '../components/context';
import { useAsync } from '../components/hooks';
import { StatusIcon } from '../components/status';

const WAIT_MS = 250;
const SHOWN = 10;

/** Finds a run by name, id or experiment, and picks it. */
export function RunPicker(props: {
  label: string;
  exclude: ReadonlySet<string>;
  isDisabled: boolean;
  onPick: (runId: string) => void;
}): JSX.Element {
  const { model, trans } = useExec();
  const [text, setText] = React.useState('');
  const [query, setQuery] = React.useState<string | null>(null);
  const [at, setAt] = React.useState(0);
  const id = React.useId();
  const isOpen = query !== null;
  React.useEffect(() => {
    if (isOpen) {
      const timer = setTimeout(() => setQuery(text), WAIT_MS);
      return () => clearTimeout(timer);
    }
    return undefined;
  }, [text, isOpen]);
  const { data, error } = useAsync(
    async () =>
      query === null
        ? []
        : (await model.runs.list({ q: query }, SHOWN + props.exclude.size))
            .runs,
    [model, query]
  );
  const found = (data ?? [])
    .filter(run => !props.exclude.has(run.runId))
    .slice(0, SHOWN);
  const active = Math.min(at, found.length - 1);
  const pick = (index: number) => {
    const run = found[index];
    if (run !== undefined) {
      model.store.add([run]);
      props.onPick(run.runId);
      setText('');
      setQuery(null);
    }
  };
  const keys: Record<string, () => void> = {
    ArrowDown: () => setAt(Math.min(active + 1, found.length - 1)),
    ArrowUp: () => setAt(Math.max(active - 1, 0)),
    Enter: () => pick(active),
    Escape: () => setQuery(null)
  };
  return (
    <div
      className="jp-exec-picker"
      onBlur={event => {
        if (!event.currentTarget.contains(event.relatedTarget)) {
          setQuery(null);
        }
      }}
    >
      <input
        type="text"
        className="jp-exec-input"
        role="combobox"
        aria-label={props.label}
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-activedescendant={
          isOpen && found.length > 0 ? `${id}-${active}` : undefined
        }
        autoComplete="off"
        placeholder={props.label}
        disabled={props.isDisabled}
        value={text}
        onFocus={() => setQuery(text)}
        onChange={event => {
          setText(event.target.value);
          setAt(0);
          setQuery(old => old ?? '');
        }}
        onKeyDown={event => {
          const key = keys[event.key];
          if (key !== undefined) {
            event.preventDefault();
            event.stopPropagation();
            key();
          }
        }}
      />
      {isOpen && (
        <ul
          id={`${id}-list`}
          className="jp-exec-picker-list"
          role="listbox"
          aria-label={trans.__('Runs')}
        >
          {found.map((run, index) => (
            <li
              key={run.runId}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === active}
              title={run.runId}
              // Before the input loses its focus.
              onMouseDown={event => {
                event.preventDefault();
                pick(index);
              }}
            >
              <StatusIcon status={run.status} />
              <span>{run.displayName || run.runId}</span>
              <small>{run.experiment}</small>
            </li>
          ))}
          {found.length === 0 && (
            <li className="jp-exec-picker-none" aria-disabled>
              {error
                ? error.message
                : data === undefined
                  ? trans.__('Searching…')
                  : trans.__('No further run has this in its name.')}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}
