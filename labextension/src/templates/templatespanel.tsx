import '../../style/templates.css';

import { addIcon, ellipsesIcon, refreshIcon } from '@jupyterlab/ui-components';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Menu } from '@lumino/widgets';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { useSignal } from '../components/hooks';
import { Empty, Failure } from '../components/notice';
import type { TemplateList } from '../model/templates';
import type { Template } from '../types';

const ROW_PX = 44;
/** Pages are asked for when so many rows are left below. */
const AHEAD = 20;
/** After the last letter of a search. */
const SEARCH_MS = 200;

/** The Templates section of the sidebar. */
export default function TemplatesPanel(): JSX.Element {
  const { model, commands, trans } = useExec();
  const [list, setList] = React.useState<TemplateList | null>(null);
  React.useEffect(() => {
    const fresh = model.templates.list();
    setList(fresh);
    void fresh.more();
    return () => fresh.dispose();
  }, [model]);
  const create = () => void commands.execute(CommandIDs.editTemplate);
  return (
    <div className="jp-exec-templates">
      <div className="jp-exec-templates-bar">
        <Search list={list} />
        <button
          className="jp-exec-toolbutton"
          title={trans.__('New template')}
          aria-label={trans.__('New template')}
          onClick={create}
        >
          <addIcon.react tag="span" />
        </button>
        <button
          className="jp-exec-toolbutton"
          title={trans.__('Refresh the templates')}
          aria-label={trans.__('Refresh the templates')}
          onClick={() => void list?.refresh()}
        >
          <refreshIcon.react tag="span" />
        </button>
      </div>
      {list && <Rows list={list} onCreate={create} />}
    </div>
  );
}

function Search({ list }: { list: TemplateList | null }): JSX.Element {
  const { trans } = useExec();
  const [q, setQ] = React.useState('');
  React.useEffect(() => {
    if (list === null || q === list.q) {
      return undefined;
    }
    const timer = setTimeout(() => void list.search(q), SEARCH_MS);
    return () => clearTimeout(timer);
  }, [list, q]);
  return (
    <input
      className="jp-exec-entry"
      type="search"
      placeholder={trans.__('Search templates')}
      aria-label={trans.__('Search templates')}
      value={q}
      onChange={event => setQ(event.target.value)}
    />
  );
}

function Rows(props: {
  list: TemplateList;
  onCreate: () => void;
}): JSX.Element {
  const { trans } = useExec();
  const { list } = props;
  useSignal(list.changed);
  const scroller = React.useRef<HTMLDivElement>(null);
  const { items } = list;
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 8
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? -1;
  React.useEffect(() => {
    if (last >= items.length - AHEAD && list.hasMore && list.error === null) {
      void list.more();
    }
  }, [list, last, items.length]);

  if (list.error !== null && items.length === 0) {
    return <Failure error={list.error} onRetry={() => void list.refresh()} />;
  }
  if (list.total === 0) {
    return list.q === '' ? (
      <NoTemplates onCreate={props.onCreate} />
    ) : (
      <Empty title={trans.__('No template matches this.')} />
    );
  }
  return (
    <>
      {list.error !== null && (
        <Failure error={list.error} onRetry={() => void list.refresh()} />
      )}
      <div
        ref={scroller}
        className="jp-exec-templates-list"
        role="list"
        aria-label={trans.__('Templates')}
        aria-busy={list.isLoading}
      >
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {shown.map(row => (
            <Row
              key={items[row.index].name}
              template={items[row.index]}
              top={row.start}
              index={row.index}
              total={list.total ?? items.length}
            />
          ))}
        </div>
      </div>
    </>
  );
}

function NoTemplates({ onCreate }: { onCreate: () => void }): JSX.Element {
  const { trans } = useExec();
  return (
    <Empty title={trans.__('No templates yet')}>
      <p>
        {trans.__(
          'A template is a run with gaps: values to fill in each time.'
        )}
      </p>
      <p>
        {trans.__(
          'Save a finished run as a template, write %1 in a cell, or begin here:',
          '%%template create'
        )}
      </p>
      <button className="jp-exec-button" onClick={onCreate}>
        {trans.__('New template')}
      </button>
    </Empty>
  );
}

function Row(props: {
  template: Template;
  top: number;
  index: number;
  total: number;
}): JSX.Element {
  const { commands, trans } = useExec();
  const { template, top } = props;
  const { name } = template;
  const { description } = template.spec;
  const run = () => void commands.execute(CommandIDs.runTemplate, { name });
  const openMenu = (x: number, y: number) => {
    const menu = new Menu({ commands });
    for (const command of [
      CommandIDs.runTemplate,
      CommandIDs.editTemplate,
      CommandIDs.templateHistory,
      CommandIDs.deleteTemplate
    ]) {
      menu.addItem({ command, args: { name, isMenu: true } });
    }
    menu.aboutToClose.connect(() => {
      // The command that was chosen is executed first.
      requestAnimationFrame(() => menu.dispose());
    });
    menu.open(x, y);
  };
  return (
    <div
      className="jp-exec-template"
      role="listitem"
      aria-posinset={props.index + 1}
      aria-setsize={props.total}
      style={{ height: ROW_PX, transform: `translateY(${top}px)` }}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        openMenu(event.clientX, event.clientY);
      }}
    >
      <div className="jp-exec-template-text">
        <div className="jp-exec-template-line">
          <button className="jp-exec-template-name" title={name} onClick={run}>
            {name}
          </button>
          <span
            className="jp-exec-template-version"
            title={trans.__('Version %1', template.version)}
          >
            v{template.version}
          </span>
        </div>
        <div className="jp-exec-template-description" title={description ?? ''}>
          {description}
        </div>
      </div>
      <button
        className="jp-exec-button"
        aria-label={trans.__('Run %1', name)}
        onClick={run}
      >
        {trans.__('Run')}
      </button>
      <button
        className="jp-exec-toolbutton"
        aria-haspopup="menu"
        aria-label={trans.__('More about %1', name)}
        title={trans.__('Edit, history, delete')}
        onClick={event => {
          const box = event.currentTarget.getBoundingClientRect();
          openMenu(box.left, box.bottom);
        }}
      >
        <ellipsesIcon.react tag="span" />
      </button>
    </div>
  );
}
