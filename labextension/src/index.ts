import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { activityPlugin } from './plugins/activity';
import { documentPlugin } from './plugins/document';
import { drivePlugin } from './plugins/drive';
import { launcherPlugin } from './plugins/launcher';
import { modelPlugin } from './plugins/model';
import { notebooksPlugin } from './plugins/notebooks';
import { settingsPlugin } from './plugins/settings';
import { sidebarPlugin } from './plugins/sidebar';
import { submitPlugin } from './plugins/submit';
import { templatesPlugin } from './plugins/templates';

/** Every plug-in of the extension; what needs a part that an application lacks is left out there. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  modelPlugin,
  documentPlugin,
  templatesPlugin,
  sidebarPlugin,
  activityPlugin,
  drivePlugin,
  notebooksPlugin,
  settingsPlugin,
  submitPlugin,
  launcherPlugin
];

export default plugins;
