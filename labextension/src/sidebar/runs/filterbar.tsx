import {
  closeIcon,
  filterDotIcon,
  filterIcon,
  folderIcon,
  refreshIcon,
  searchIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { useExec } from '../../components/context';
import { lazily } from '../../components/lazily';
import type { RunTree } from '../../model/runtree';
import type { IRunFilter } from '../../types';

const Pickers = lazily(() => import('./pickers'));

/** While somebody types nothing is asked. */
const PAUSE_MS = 250;

/** What narrows and arranges the list. */
export function FilterBar({ tree }: { tree: RunTree }): JSX.Element {
  const { trans } = useExec();
  const { filter } = tree;
  const [isOpen, setOpen] = React.useState(false);
  const narrowed = (['status', 'experiment', 'target', 'tag'] as const).filter(
    name => filter[name]?.length
  ).length;
  const change = (changes: Partial<IRunFilter>) =>
    tree.setFilter({ ...tree.filter, ...changes });
  const byExperiment = tree.grouping === 'experiment';
  const Filter = narrowed > 0 ? filterDotIcon : filterIcon;
  return (
    <div className="jp-exec-filter">
      <div className="jp-exec-filter-line">
        <SearchBox q={filter.q ?? ''} onChange={q => change({ q })} />
        <IconButton
          icon={Filter}
          label={
            narrowed > 0
              ? trans.__('Filters (%1 set)', narrowed)
              : trans.__('Filters')
          }
          expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
        <IconButton
          icon={folderIcon}
          label={trans.__('Group by experiment')}
          pressed={byExperiment}
          onClick={() => {
            tree.grouping = byExperiment ? 'none' : 'experiment';
          }}
        />
        <IconButton
          icon={refreshIcon}
          label={trans.__('Read the list again')}
          onClick={() => tree.refresh()}
        />
      </div>
      {isOpen && <Pickers filter={filter} onChange={change} />}
    </div>
  );
}

function SearchBox(props: {
  q: string;
  onChange: (q: string) => void;
}): JSX.Element {
  const { trans } = useExec();
  const { q } = props;
  const [text, setText] = React.useState(q);
  const change = React.useRef(props.onChange);
  change.current = props.onChange;
  // Cleared from outside.
  React.useEffect(() => setText(q), [q]);
  React.useEffect(() => {
    if (text.trim() === q) {
      return undefined;
    }
    const timer = setTimeout(() => change.current(text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div className="jp-exec-search">
      <searchIcon.react tag="span" className="jp-exec-search-icon" />
      <input
        type="text"
        role="searchbox"
        value={text}
        placeholder={trans.__('Filter runs')}
        aria-label={trans.__('Filter runs by name, id or experiment')}
        spellCheck={false}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Escape' && text !== '') {
            event.stopPropagation();
            setText('');
            change.current('');
          }
        }}
      />
      {text !== '' && (
        <IconButton
          icon={closeIcon}
          label={trans.__('Clear the text')}
          onClick={() => {
            setText('');
            change.current('');
          }}
        />
      )}
    </div>
  );
}

/** A small button that is an icon. */
export function IconButton(props: {
  icon: typeof searchIcon;
  label: string;
  pressed?: boolean;
  expanded?: boolean;
  disabled?: boolean;
  onClick: () => void;
}): JSX.Element {
  const { icon: Icon } = props;
  return (
    <button
      className="jp-exec-iconbutton"
      title={props.label}
      aria-label={props.label}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <Icon.react tag={null} />
    </button>
  );
}
