import * as React from 'react';

import { useExec } from '../components/context';
import type { IRunTab } from './tabs';

/** Tabs as WAI-ARIA has them: one is in the order of Tab, arrows go from one to the other. */
export function TabList(props: {
  tabs: readonly IRunTab[];
  shown: IRunTab;
  /** Stands before the ids of the elements. */
  prefix: string;
  onShow: (id: string) => void;
}): JSX.Element {
  const { trans } = useExec();
  const { tabs, shown, prefix, onShow } = props;
  const list = React.useRef<HTMLDivElement>(null);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const index = tabs.indexOf(shown);
    const places: Record<string, number> = {
      ArrowLeft: (index + tabs.length - 1) % tabs.length,
      ArrowRight: (index + 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1
    };
    if (event.key in places) {
      event.preventDefault();
      const place = places[event.key];
      onShow(tabs[place].id);
      (list.current?.children[place] as HTMLElement).focus();
    }
  };
  return (
    <div
      ref={list}
      role="tablist"
      aria-label={trans.__('Parts of this run')}
      className="jp-exec-tabs"
      onKeyDown={onKeyDown}
    >
      {tabs.map(tab => (
        <button
          key={tab.id}
          id={`${prefix}-tab-${tab.id}`}
          role="tab"
          className="jp-exec-tab"
          aria-selected={tab === shown}
          aria-controls={tab === shown ? `${prefix}-panel` : undefined}
          tabIndex={tab === shown ? 0 : -1}
          onClick={() => onShow(tab.id)}
        >
          {tab.label(trans)}
        </button>
      ))}
    </div>
  );
}
