import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { documentPlugin } from './plugins/document';
import { modelPlugin } from './plugins/model';
import { templatesPlugin } from './plugins/templates';

/** Every plug-in of the extension; what needs a part that an application lacks is left out there. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  modelPlugin,
  documentPlugin,
  templatesPlugin
];

export default plugins;
