import { Token } from '@lumino/coreutils';

import type { ExecModel } from './model/exec';
import type { RunsSidebar } from './sidebar/sidebar';
import type { ExecSettings } from './model/settings';

/** What other plug-ins get: the model of all runs of this server. */
export type IExec = ExecModel;

export const IExec = new Token<IExec>(
  'jupyter-exec:IExec',
  'The runs of this Jupyter server: lists, live state, and the routes of jupyter_exec.'
);

/** The sidebar with the list of runs. */
export type IRunsSidebar = RunsSidebar;

export const IRunsSidebar = new Token<IRunsSidebar>(
  'jupyter-exec:IRunsSidebar',
  'The list of runs at the left: whether it is seen, and how it is arranged.'
);

/** What other plug-ins get: the settings of this extension. */
export type IExecSettings = ExecSettings;

export const IExecSettings = new Token<IExecSettings>(
  'jupyter-exec:IExecSettings',
  'The settings of jupyter_exec as they are now, with a signal when one changes.'
);
