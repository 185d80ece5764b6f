/** Runs in containers: which targets have them, and what the dialog then asks. No DOM. */
import type { RunsApi } from '../server/api';
import { RequestFailure } from '../server/errors';
import type { EnvironmentView, Run, Target } from '../types';
import type { ISubmitState } from './state';

/** So many runs are looked at for the images that they had. */
const LOOKED_AT = 50;

/** Whether every run of a target gets a container. */
export function isContained(targets: readonly Target[], name: string): boolean {
  return targets.some(
    target => target.name === name && target.containerEngine !== null
  );
}

/**
 * Choose a target: a kernel of this server is not in an image, so its own Python is chosen there;
 * elsewhere a notebook's kernel comes back.
 */
export function atTarget(
  target: string,
  state: ISubmitState,
  targets: readonly Target[]
): Pick<ISubmitState, 'target' | 'environment'> {
  const before = isContained(targets, state.target);
  const after = isContained(targets, target);
  const { environment } = state;
  if (after && environment === 'kernel') {
    return { target, environment: 'server' };
  }
  return before && !after && environment === 'server' && state.kernel
    ? { target, environment: 'kernel' }
    : { target, environment };
}

/** What the server knows of images and environments, to choose from. */
export interface IKnown {
  readonly images: readonly string[];
  /** With what each stands for. */
  readonly named: readonly EnvironmentView[];
}

export const NOTHING_KNOWN: IKnown = { images: [], named: [] };

/** Read what there is to choose from; nothing of what this user may not see. */
export async function readKnown(
  api: RunsApi,
  targets: readonly Target[]
): Promise<IKnown> {
  try {
    const { named } = await api.environments();
    const usable = named.filter(each => each.definition !== null);
    return { images: await knownImages(api, targets, usable), named: usable };
  } catch (error) {
    const kinds = ['forbidden', 'noRoute'];
    if (error instanceof RequestFailure && kinds.includes(error.kind)) {
      return NOTHING_KNOWN;
    }
    throw error;
  }
}

/** Images of the newest runs that had one, and of environments that have a name; each once. */
export async function knownImages(
  api: RunsApi,
  targets: readonly Target[],
  named: readonly EnvironmentView[]
): Promise<string[]> {
  const pages = await Promise.all(
    targets
      .filter(target => target.containerEngine !== null)
      .map(target => api.list({ target: target.name }, LOOKED_AT))
  );
  const images = [
    ...pages.flatMap(page => page.runs.map(imageOf)),
    ...named.map(({ definition }) => definition?.docker?.baseImage)
  ];
  return [...new Set(images.filter(image => typeof image === 'string'))];
}

/** The image that a run asked for. */
export function imageOf({ definition }: Run): string | null {
  return definition.configuration?.environment?.docker?.baseImage ?? null;
}

/**
 * Whether a run that is run again needs no image of its own: a Dockerfile or its roles say it.
 */
export function hasOtherImage(run: Run | null): boolean {
  const asked = run?.definition.configuration;
  return Boolean(
    asked?.environment?.docker?.baseDockerfile || asked?.experiment
  );
}
