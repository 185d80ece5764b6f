import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { ExecSettings } from '../model/settings';
import { IExecSettings } from '../tokens';

/** The settings that all other plug-ins use; its id is that of `schema/plugin.json`. */
export const settingsPlugin: JupyterFrontEndPlugin<IExecSettings> = {
  id: 'jupyter-exec:plugin',
  description: 'The settings of the runs.',
  autoStart: true,
  provides: IExecSettings,
  optional: [ISettingRegistry],
  activate: (
    _: JupyterFrontEnd,
    registry: ISettingRegistry | null
  ): IExecSettings => {
    const settings = new ExecSettings();
    registry
      ?.load(settingsPlugin.id)
      .then(loaded => settings.follow(loaded))
      .catch(error =>
        console.error('The settings of jupyter-exec cannot be read.', error)
      );
    return settings;
  }
};
