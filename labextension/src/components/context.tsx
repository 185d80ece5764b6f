import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { ExecModel } from '../model/exec';

/** What every component of ours may need. */
export interface IExecContext {
  readonly model: ExecModel;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
}

const Context = React.createContext<IExecContext | null>(null);

/** Gives its children the context; at the root of every widget of ours. */
export const ExecProvider = Context.Provider;

/** The context of this component. */
export function useExec(): IExecContext {
  const context = React.useContext(Context);
  if (context === null) {
    throw new Error('ExecProvider is missing above this component');
  }
  return context;
}
