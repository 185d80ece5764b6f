import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { documentPlugin } from './plugins/document';
import { launcherPlugin } from './plugins/launcher';
import { modelPlugin } from './plugins/model';
import { settingsPlugin } from './plugins/settings';
import { submitPlugin } from './plugins/submit';

/** Every plug-in of the extension; what needs a part that an application lacks is left out there. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  modelPlugin,
  settingsPlugin,
  documentPlugin,
  submitPlugin,
  launcherPlugin
];

export default plugins;
