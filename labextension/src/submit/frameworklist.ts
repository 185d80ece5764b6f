/** The frameworks that there are, with their communicators and what counts processes. No DOM. */
import type { FrameworkView } from '../types';

/** A framework that a run can be of. */
export interface IFramework {
  readonly name: string;
  /** How its processes find each other, the usual way first; empty where it has a way of its own. */
  readonly communicators: readonly string[];
  /** The fields that count processes, by communicator; `None` where it needs none. */
  readonly counts: Readonly<Record<string, readonly string[]>>;
}

const RANKS = ['nodeCount', 'mpi.processCountPerNode'];
const ELASTIC = ['nodeCount', 'pyTorch.processCount'];
const CLUSTER = ['tensorflow.workerCount', 'tensorflow.parameterServerCount'];

/**
 * The frameworks that the dialog offers where the server does not tell, which has the last word on
 * what goes together. In this order those that the server tells are offered, too.
 *
 * Source: `_HAVE` in `jupyter_exec/client/frameworks.py`, and the launchers' tables.
 */
export const FRAMEWORKS: readonly IFramework[] = [
  { name: 'Python', communicators: ['Mpi'], counts: { Mpi: RANKS } },
  {
    name: 'PyTorch',
    communicators: ['Gloo', 'Nccl', 'Mpi'],
    counts: { Gloo: ELASTIC, Nccl: ELASTIC, Mpi: RANKS }
  },
  {
    name: 'TensorFlow',
    communicators: ['ParameterServer', 'Mpi'],
    counts: { ParameterServer: CLUSTER, Mpi: RANKS }
  },
  { name: 'PySpark', communicators: [], counts: { None: ['nodeCount'] } },
  { name: 'XGBoost', communicators: [], counts: { None: RANKS } },
  { name: 'Cntk', communicators: ['Mpi'], counts: { Mpi: RANKS } }
];

/** The frameworks to offer: those that the server has, the known ones first. */
export function frameworksOf(
  served: readonly FrameworkView[] | undefined
): readonly IFramework[] {
  if (served === undefined) {
    return FRAMEWORKS;
  }
  const place = ({ name }: FrameworkView) => {
    const found = FRAMEWORKS.findIndex(each => each.name === name);
    return found < 0 ? FRAMEWORKS.length : found;
  };
  return [...served]
    .sort((one, other) => place(one) - place(other))
    .map(({ name, communicators }) => {
      const several = communicators.filter(each => each.counts.length > 0);
      return {
        name,
        communicators: communicators
          .map(each => each.name)
          .filter(each => each !== 'None'),
        counts: Object.fromEntries(
          several.map(each => [each.name, each.counts])
        )
      };
    });
}

/** The fields that count processes of a framework; undefined where nobody has told. */
export function countsOf(
  frameworks: readonly IFramework[],
  framework: string,
  communicator: string,
  gpus = ''
): readonly string[] | undefined {
  const name = knownAs(framework.trim() || 'Python', frameworks);
  const found = frameworks.find(each => each.name === name);
  const named =
    communicator.trim() || usualCommunicator(name, gpus, frameworks) || 'None';
  const folded = named.toLowerCase();
  return Object.entries(found?.counts ?? {}).find(
    ([each]) => each.toLowerCase() === folded
  )?.[1];
}

/** A framework as definitions write it; one that a plug-in brings stays as it is. */
export function knownAs(
  name: string,
  frameworks: readonly IFramework[] = FRAMEWORKS
): string {
  const folded = name.toLowerCase();
  return (
    frameworks.find(each => each.name.toLowerCase() === folded)?.name ?? name
  );
}

/** The communicator of several processes where none is named; undefined where there is none. */
export function usualCommunicator(
  framework: string,
  gpus = '',
  frameworks: readonly IFramework[] = FRAMEWORKS
): string | undefined {
  const name = knownAs(framework.trim() || 'Python', frameworks);
  const found = frameworks.find(each => each.name === name);
  if (name === 'PyTorch' && !['', '0'].includes(gpus.trim())) {
    return 'Nccl';
  }
  return found?.counts['None'] ? undefined : found?.communicators[0];
}
