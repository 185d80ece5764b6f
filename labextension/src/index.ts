import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { activityPlugin } from './plugins/activity';
import { documentPlugin } from './plugins/document';
import { modelPlugin } from './plugins/model';
import { templatesPlugin } from './plugins/templates';
import { sidebarPlugin } from './plugins/sidebar';

/** Every plug-in of the extension; what needs a part that an application lacks is left out there. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  modelPlugin,
  documentPlugin,
  templatesPlugin,
  sidebarPlugin,
  activityPlugin
];

export default plugins;
