import { Token } from '@lumino/coreutils';

import type { ExecModel } from './model/exec';

/** What other plug-ins get: the model of all runs of this server. */
export type IExec = ExecModel;

export const IExec = new Token<IExec>(
  'jupyter-exec:IExec',
  'The runs of this Jupyter server: lists, live state, and the routes of jupyter_exec.'
);
