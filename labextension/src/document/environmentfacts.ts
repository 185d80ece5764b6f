/** What a run and the server tell about its environment. No DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Run } from '../types';

/** The log of what makes an environment. Source: `RunPaths` in `jupyter_exec/store/paths.py`. */
export const ENVIRONMENT_LOG = 'environment.txt';
/** The log of what is transferred from and to datastores. */
export const DATA_LOG = 'data.txt';

/** Whether a run goes into a container. */
export function isInImage({ definition, environment }: Run): boolean {
  const asked = definition?.configuration;
  return Boolean(
    environment?.kind === 'image' ||
    asked?.environment?.docker?.enabled ||
    Object.values(asked?.experiment?.spec ?? {}).some(role => role.image)
  );
}

/** The environment of a run that takes an interpreter as it is. Source: `environments/system.py`. */
const AS_IT_IS = 'system';

/** Whether something is made, or fetched, for a run before it starts. */
export function hasEnvironment(run: Run): boolean {
  const asked = run.definition?.configuration;
  const python = asked?.environment?.python;
  return Boolean(
    (run.environment && run.environment.kind !== AS_IT_IS) ||
    python?.condaDependencies ||
    python?.baseCondaEnvironment ||
    asked?.experiment ||
    isInImage(run)
  );
}

/** The way in which an environment was made, in words. */
export function kindText(trans: TranslationBundle, kind: string): string {
  const words: Readonly<Record<string, string>> = {
    venv: trans.__('Virtual environment of pip packages'),
    conda: trans.__('Conda environment'),
    image: trans.__('Container image')
  };
  return words[kind] ?? kind;
}

/** How many packages a lock names: lines of a requirements file, or entries of a list. */
export function packagesOf(lock: string): number {
  const requirements = lock.match(
    /^[A-Za-z0-9][\w.-]*(\[[^\]]*\])?\s*(==|@)/gm
  );
  return requirements?.length ?? 0;
}
