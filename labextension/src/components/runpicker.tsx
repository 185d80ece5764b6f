import '../../style/runpicker.css';

import * as React from 'react';

import type { Run } from '../types';
import { useExec } from './context';
import { formatTime } from './format';
import { useAsync } from './hooks';
import { StatusIcon } from './status';

/** Runs that are offered at once. */
const OFFERED = 20;
/** How long typing must pause before the server is asked. */
const PAUSE_MS = 250;

/** What a `RunPicker` gets. */
export interface IRunPickerProps {
  /** What is picked, for who cannot see it. */
  readonly label: string;
  readonly placeholder: string;
  /** Shown while nobody types. */
  readonly chosen?: Run | null;
  readonly isDisabled?: boolean;
  /** What is offered before anything was typed; everything without it. */
  readonly experiment?: string;
  /** How many of the offered may not fit. */
  readonly spare?: number;
  readonly fits: (run: Run) => boolean;
  /** Told where no run fits. */
  readonly none: string;
  readonly onPick: (run: Run) => void;
}

/** Finds a run by its name, id or experiment: a combo box with a list. */
export function RunPicker(props: IRunPickerProps): JSX.Element {
  const { chosen = null } = props;
  // Null while nobody chooses.
  const [text, setText] = React.useState<string | null>(null);
  const [at, setAt] = React.useState(0);
  const id = React.useId();
  const isOpen = text !== null;
  const { offered, error, isLoading } = useOffered(props, text);
  const active = Math.max(0, Math.min(at, offered.length - 1));
  const type = (typed: string | null) => {
    setText(typed);
    setAt(0);
  };
  const pick = (run: Run | undefined) => {
    if (run !== undefined) {
      props.onPick(run);
      type(null);
    }
  };
  const keys: Record<string, () => void> = isOpen
    ? {
        ArrowDown: () => setAt(active + 1),
        ArrowUp: () => setAt(active - 1),
        Enter: () => pick(offered[active]),
        Escape: () => type(null)
      }
    : { ArrowDown: () => type(''), ArrowUp: () => type('') };
  return (
    <div className="jp-exec-picker">
      <input
        type="text"
        className="jp-exec-input"
        role="combobox"
        aria-label={props.label}
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={
          isOpen && offered.length > 0 ? `${id}-${active}` : undefined
        }
        autoComplete="off"
        spellCheck={false}
        placeholder={props.placeholder}
        disabled={props.isDisabled}
        value={text ?? (chosen ? titleOf(chosen) : '')}
        onChange={event => type(event.target.value)}
        onFocus={event => event.target.select()}
        onClick={() => type(text ?? '')}
        onBlur={() => type(null)}
        onKeyDown={event => {
          const act = keys[event.key];
          if (act !== undefined) {
            event.preventDefault();
            event.stopPropagation();
            act();
          }
        }}
      />
      <List
        id={id}
        isOpen={isOpen}
        offered={offered}
        active={active}
        note={error?.message ?? (isLoading ? null : props.none)}
        onPick={pick}
      />
    </div>
  );
}

function List(props: {
  id: string;
  isOpen: boolean;
  offered: readonly Run[];
  active: number;
  /** Shown where nothing is offered; null while it is looked for. */
  note: string | null;
  onPick: (run: Run) => void;
}): JSX.Element {
  const { trans } = useExec();
  const { id, offered, active } = props;
  return (
    <div
      id={`${id}-list`}
      className="jp-exec-picker-list"
      role="listbox"
      aria-label={trans.__('Runs')}
      hidden={!props.isOpen}
    >
      {offered.map((run, index) => (
        <div
          key={run.runId}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          title={run.runId}
          // Before the box loses the focus, which closes the list.
          onMouseDown={event => {
            event.preventDefault();
            props.onPick(run);
          }}
        >
          <StatusIcon status={run.status} />
          <span className="jp-exec-picker-name">
            {run.displayName || run.runId}
          </span>
          <small>
            {run.experiment}
            {' · '}
            {formatTime(run.createdAt)}
          </small>
        </div>
      ))}
      {offered.length === 0 && (
        <div
          className="jp-exec-picker-none"
          role="option"
          aria-selected={false}
          aria-disabled
        >
          {props.note ?? trans.__('Searching…')}
        </div>
      )}
    </div>
  );
}

function titleOf(run: Run): string {
  return run.displayName && run.displayName !== run.runId
    ? `${run.displayName} (${run.runId})`
    : run.runId;
}

/** The runs that fit what was typed. */
function useOffered(
  props: IRunPickerProps,
  text: string | null
): { offered: readonly Run[]; error: Error | null; isLoading: boolean } {
  const { model } = useExec();
  const { experiment, fits, spare = 0 } = props;
  const [asked, setAsked] = React.useState<string | null>(null);
  React.useEffect(() => {
    const timer = setTimeout(() => setAsked(text), text ? PAUSE_MS : 0);
    return () => clearTimeout(timer);
  }, [text]);
  const { data, error, isLoading } = useAsync(async () => {
    if (asked === null) {
      return [];
    }
    const filter = asked === '' && experiment ? { experiment } : { q: asked };
    return (await model.runs.list(filter, OFFERED + spare)).runs;
  }, [model, experiment, asked, spare]);
  return {
    offered: (data ?? []).filter(fits).slice(0, OFFERED),
    error,
    isLoading: isLoading || asked !== text
  };
}
