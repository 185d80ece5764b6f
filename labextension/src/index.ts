import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { comparePlugin } from './plugins/compare';
import { documentPlugin } from './plugins/document';
import { drivePlugin } from './plugins/drive';
import { modelPlugin } from './plugins/model';

/** Every plug-in of the extension; what needs a part that an application lacks is left out there. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  comparePlugin,
  modelPlugin,
  documentPlugin,
  drivePlugin
];

export default plugins;
