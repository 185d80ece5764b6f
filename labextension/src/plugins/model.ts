import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

import { ExecModel } from '../model/exec';
import { retryWithPage } from '../server/eventstream';
import { IExec } from '../tokens';

/** The model that all other plug-ins use; it listens from the beginning. */
export const modelPlugin: JupyterFrontEndPlugin<IExec> = {
  id: 'jupyter-exec:model',
  description: 'Follows the runs of the server.',
  autoStart: true,
  provides: IExec,
  activate: (app: JupyterFrontEnd): IExec => {
    const model = new ExecModel(app.serviceManager.serverSettings);
    model.stream.start();
    retryWithPage(model.stream, window);
    return model;
  }
};
