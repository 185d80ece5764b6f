import * as React from 'react';

import { useExec } from '../components/context';
import { useAsync } from '../components/hooks';
import { StatusIcon } from '../components/status';
import type { Run } from '../types';

/** Runs that are offered at once. */
const OFFERED = 20;
/** How long typing must pause before the server is asked. */
const PAUSE_MS = 250;

/** Chooses a run by its name or id: a combo box with a list. */
export function RunPicker(props: {
  /** It is not offered itself; without a word, runs of its experiment are. */
  run: Run;
  chosen: Run | null;
  onChoose: (run: Run) => void;
}): JSX.Element {
  const { trans } = useExec();
  const { chosen, onChoose, run } = props;
  const [text, setText] = React.useState<string | null>(null);
  const [active, setActive] = React.useState(0);
  const id = React.useId();
  const isOpen = text !== null;
  const offered = useOffered(run, text);
  const choose = (other: Run | undefined) => {
    if (other !== undefined) {
      onChoose(other);
      setText(null);
    }
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (isOpen) {
        const last = offered.length - 1;
        setActive(Math.min(last, Math.max(0, active + step)));
      } else {
        setText('');
      }
    } else if (event.key === 'Enter' && isOpen) {
      choose(offered[active]);
    } else if (event.key === 'Escape' && isOpen) {
      event.stopPropagation();
      setText(null);
    }
  };
  return (
    <span className="jp-exec-picker">
      <input
        type="text"
        role="combobox"
        aria-label={trans.__('Run to compare with')}
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={
          isOpen && offered.length > 0 ? `${id}-${active}` : undefined
        }
        placeholder={trans.__('Name or id of a run')}
        value={text ?? (chosen ? titleOf(chosen) : '')}
        onChange={event => {
          setText(event.target.value);
          setActive(0);
        }}
        onFocus={event => event.target.select()}
        onClick={() => setText(text ?? '')}
        onBlur={() => setText(null)}
        onKeyDown={onKeyDown}
      />
      <div
        id={`${id}-list`}
        className="jp-exec-picker-list"
        role="listbox"
        aria-label={trans.__('Runs')}
        hidden={!isOpen}
      >
        {offered.map((each, index) => (
          <div
            key={each.runId}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            // Before the box loses the focus, which closes the list.
            onMouseDown={event => {
              event.preventDefault();
              choose(each);
            }}
          >
            <StatusIcon status={each.status} />
            <span className="jp-exec-picker-name">{titleOf(each)}</span>
            <span className="jp-exec-picker-time">
              {new Date(each.createdAt).toLocaleString()}
            </span>
          </div>
        ))}
        {offered.length === 0 && (
          <div
            className="jp-exec-picker-none"
            role="option"
            aria-selected={false}
            aria-disabled
          >
            {trans.__('No such run with code')}
          </div>
        )}
      </div>
    </span>
  );
}

function titleOf(run: Run): string {
  return run.displayName && run.displayName !== run.runId
    ? `${run.displayName} (${run.runId})`
    : run.runId;
}

/** The runs that fit what was typed; null while nobody chooses. */
function useOffered(run: Run, text: string | null): readonly Run[] {
  const { model } = useExec();
  const [asked, setAsked] = React.useState<string | null>(null);
  React.useEffect(() => {
    const timer = setTimeout(() => setAsked(text), text ? PAUSE_MS : 0);
    return () => clearTimeout(timer);
  }, [text]);
  const { data } = useAsync(async () => {
    if (asked === null) {
      return [];
    }
    const filter = asked === '' ? { experiment: run.experiment } : { q: asked };
    return (await model.runs.list(filter, OFFERED)).runs;
  }, [model, run.experiment, asked]);
  return (data ?? []).filter(
    each => each.runId !== run.runId && each.snapshotId !== null
  );
}
