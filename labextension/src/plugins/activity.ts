import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Activity } from '../model/activity';
import { Announced, Announcer } from '../status/announcer';
import { RunStatusItem } from '../status/statusitem';
import { IExec, IRunsSidebar } from '../tokens';

const STATE = 'jupyter-exec:looked';
const SETTINGS = 'jupyter-exec:plugin';

/** How many runs go on, and which end: the status bar, and notifications. */
export const activityPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-exec:activity',
  description: 'Counts runs in the status bar and tells when they end.',
  autoStart: true,
  requires: [IExec],
  optional: [IRunsSidebar, IStatusBar, ITranslator, IStateDB, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    model: IExec,
    sidebar: IRunsSidebar | null,
    statusBar: IStatusBar | null,
    translator: ITranslator | null,
    state: IStateDB | null,
    settings: ISettingRegistry | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter-exec');
    const activity = new Activity(model);
    const announcer = new Announcer(
      activity,
      app.commands,
      trans,
      model.notices
    );
    void settings?.load(SETTINGS).then(loaded => {
      const take = () => {
        announcer.announced = loaded.get('notifications')
          .composite as Announced;
      };
      loaded.changed.connect(take);
      take();
    });
    const context = { model, trans, commands: app.commands };
    statusBar?.registerStatusItem('jupyter-exec:status', {
      item: new RunStatusItem(context, activity),
      align: 'left',
      rank: 20
    });
    activity.looked.connect((_, at) => void state?.save(STATE, at));
    void begin(app, activity, sidebar, state);
  }
};

/** Count from the time when the list was last looked at. */
async function begin(
  app: JupyterFrontEnd,
  activity: Activity,
  sidebar: IRunsSidebar | null,
  state: IStateDB | null
): Promise<void> {
  const at = (await state?.fetch(STATE)) as string | undefined;
  await app.restored;
  const look = () =>
    activity.setLooking(sidebar?.runs.isVisible === true && !document.hidden);
  const isLooking = sidebar?.runs.isVisible === true && !document.hidden;
  await activity.start({ at: at ?? null, isLooking });
  sidebar?.runs.visibilityChanged.connect(look);
  document.addEventListener('visibilitychange', look);
  look();
}
