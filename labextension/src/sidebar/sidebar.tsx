import type { ITranslator } from '@jupyterlab/translation';
import { SidePanel } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import type { AccordionPanel } from '@lumino/widgets';
import * as React from 'react';

import type { IExecContext } from '../components/context';
import { lazily } from '../components/lazily';
import { execIcon } from '../icons';
import type { Grouping } from '../model/runtree';
import { RunTree } from '../model/runtree';
import { Selection } from '../model/selection';
import { RunsPanel } from './runs/panel';
import { Section } from './section';

const TemplatesPanel = lazily(() => import('../templates/templatespanel'));
const TargetsPanel = lazily(() => import('../targets/targetspanel'));
const ProvisionsPanel = lazily(() => import('../provisions/provisionspanel'));

/** What runs, templates, targets and provisions get of the height, those of them that are open. */
const SHARES = [3, 1, 1, 1];

/** What is remembered about the sidebar. */
export interface ISidebarState {
  readonly collapsed: readonly string[];
  readonly grouping: Grouping;
}

/** The sidebar: runs, templates, targets, environments and data. */
export class RunsSidebar extends SidePanel {
  constructor(context: IExecContext, translator: ITranslator) {
    super({ translator });
    const { model, trans } = context;
    this.id = 'jp-exec-sidebar';
    this.addClass('jp-exec-sidebar');
    this.title.icon = execIcon;
    this.title.caption = trans.__('Runs');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Runs'));
    this.tree = new RunTree(model);
    this.selection = new Selection(model.store);
    this.runs = new Section(context, 'runs', trans.__('Runs'), () => (
      <RunsPanel tree={this.tree} selection={this.selection} />
    ));
    this._sections = [
      this.runs,
      new Section(context, 'templates', trans.__('Templates'), () => (
        <TemplatesPanel />
      )),
      new Section(context, 'targets', trans.__('Targets'), () => (
        <TargetsPanel />
      )),
      new Section(
        context,
        'provisions',
        trans.__('Environments and Data'),
        () => <ProvisionsPanel />
      )
    ];
    this._sections.forEach(section => this.addWidget(section));
    this._accordion.expansionToggled.connect((_, index) => {
      if (!this._sections[index].isHidden) {
        this._share();
      }
      this.stateChanged.emit();
    });
    let { grouping } = this.tree;
    this.tree.changed.connect(() => {
      if (grouping !== this.tree.grouping) {
        grouping = this.tree.grouping;
        this.stateChanged.emit();
      }
    });
  }

  readonly tree: RunTree;
  readonly selection: Selection;
  readonly runs: Section;

  /** What is to be remembered has changed. */
  readonly stateChanged = new Signal<this, void>(this);

  get state(): ISidebarState {
    return {
      collapsed: this._sections
        .filter(section => section.isHidden)
        .map(section => section.id),
      grouping: this.tree.grouping
    };
  }

  /** Take what was remembered; without it all but the runs are collapsed. */
  restore(state: Partial<ISidebarState> | null): void {
    const collapsed =
      state?.collapsed ?? this._sections.slice(1).map(section => section.id);
    this._sections.forEach((section, index) => {
      if (collapsed.includes(section.id)) {
        this._accordion.collapse(index);
      } else {
        this._accordion.expand(index);
      }
    });
    this._share();
    if (state?.grouping === 'experiment') {
      this.tree.grouping = 'experiment';
    }
  }

  override dispose(): void {
    this.tree.dispose();
    super.dispose();
  }

  /** Give each open section its share of the height; Lumino gives one that is opened what is left. */
  private _share(): void {
    this._accordion.setRelativeSizes(
      this._sections.map((section, index) =>
        section.isHidden ? 0 : SHARES[index]
      )
    );
  }

  private get _accordion(): AccordionPanel {
    return this.content as AccordionPanel;
  }

  private readonly _sections: readonly Section[];
}
