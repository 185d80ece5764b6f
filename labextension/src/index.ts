import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { activityPlugin } from './plugins/activity';
import { documentPlugin } from './plugins/document';
import { drivePlugin } from './plugins/drive';
import { modelPlugin } from './plugins/model';
import { templatesPlugin } from './plugins/templates';
import { sidebarPlugin } from './plugins/sidebar';
import { notebooksPlugin } from './plugins/notebooks';

/** Every plug-in of the extension; what needs a part that an application lacks is left out there. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  modelPlugin,
  documentPlugin,
  templatesPlugin,
  sidebarPlugin,
  activityPlugin,
  drivePlugin,
  notebooksPlugin
];

export default plugins;
