import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { documentPlugin } from './plugins/document';
import { modelPlugin } from './plugins/model';

/** Every plug-in of the extension; what needs a part that an application lacks is left out there. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [modelPlugin, documentPlugin];

export default plugins;
