/** Several processes: what each framework calls them. No DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { FrameworkView, RunDefinition } from '../types';
import { JsonObject } from './patch';
import type { FieldId, ISubject, ISubmitState } from './state';

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

/** What a person has said about processes; text fields as they were typed. */
export type Several = Pick<
  ISubmitState,
  'framework' | 'communicator' | 'processes' | 'nodes' | 'gpus'
>;

/** The fields of this section. */
export const SEVERAL = [
  'framework',
  'communicator',
  'processes',
  'nodes'
] as const;

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

/** What a run says of its cluster of TensorFlow's. */
type Cluster = NonNullable<RunDefinition['configuration']>['tensorflow'];

/**
 * Make the fields of a configuration; none where nothing was said.
 *
 * Source: `framework_section` in `jupyter_exec/client/frameworks.py`, which makes the same; the
 * tests of both read `tests/unit/framework_examples.json`.
 *
 * @param past - of the run that is run again: its parameter servers and its chief stay.
 * @param frameworks - that the server has.
 */
export function frameworkSection(
  state: Several,
  trans: TranslationBundle,
  complain: (field: FieldId, message: string) => void,
  past?: Cluster,
  frameworks: readonly IFramework[] = FRAMEWORKS
): JsonObject {
  const count = countOf(state, 'processes', trans, complain);
  const machines = countOf(state, 'nodes', trans, complain);
  const asked = knownAs(state.framework.trim(), frameworks);
  const framework = asked || 'Python';
  const isSeveral = (count ?? 1) > 1 || (machines ?? 1) > 1;
  const named = state.communicator.trim();
  const communicator =
    named ||
    (isSeveral
      ? usualCommunicator(framework, state.gpus, frameworks)
      : undefined);
  const found = frameworks.find(each => each.name === framework);
  const has = found?.communicators ?? [];
  const isAlone = named.toLowerCase() === 'none' && !found?.counts['None'];
  if (isSeveral && isAlone && has.length > 0) {
    complain(
      'communicator',
      trans.__(
        'Several processes need a communicator, by which they find each other; %1 has: %2.',
        framework,
        has.join(', ')
      )
    );
    return {};
  }
  return {
    ...(asked && { framework: asked }),
    ...(communicator && { communicator }),
    ...(machines !== undefined && { nodeCount: machines }),
    ...(count !== undefined &&
      processesOf(
        framework,
        communicator,
        named !== '',
        countsOf(frameworks, framework, communicator ?? 'None'),
        count,
        machines ?? 1,
        message => complain('processes', message),
        trans,
        past
      ))
  };
}

/** How many processes there are, in the words of the framework. */
function processesOf(
  framework: string,
  communicator: string | undefined,
  isNamed: boolean,
  counts: readonly string[] | undefined,
  count: number,
  nodes: number,
  complain: (message: string) => void,
  trans: TranslationBundle,
  past: Cluster
): JsonObject {
  const word = communicator?.toLowerCase() ?? 'none';
  if (framework === 'PySpark') {
    complain(
      trans.__(
        'Spark starts its processes by itself: say how many workers, with nodes.'
      )
    );
    return {};
  }
  if (framework === 'TensorFlow' && word === 'parameterserver') {
    const servers = isNamed ? past?.parameterServerCount || 1 : 0;
    return clusterOf(count, servers, past?.chief, complain, trans);
  }
  const isElastic = framework === 'PyTorch' && ['gloo', 'nccl'].includes(word);
  if (isElastic || counts?.includes('pyTorch.processCount')) {
    return { pyTorch: { processCount: count } };
  }
  if (counts?.includes('tensorflow.workerCount')) {
    return { tensorflow: { workerCount: count } };
  }
  if (counts !== undefined && !counts.includes('mpi.processCountPerNode')) {
    if (count > 1) {
      complain(
        trans.__('%1 does not count processes: say how many nodes.', framework)
      );
    }
    return {};
  }
  if (count % nodes !== 0) {
    complain(
      trans.__(
        '%1 processes cannot be shared out evenly among %2 nodes.',
        count,
        nodes
      )
    );
    return {};
  }
  return { mpi: { processCountPerNode: count / nodes } };
}

/** Parameter servers, a chief where there are some, and workers: so many processes in all. */
function clusterOf(
  count: number,
  servers: number,
  chief: boolean | null | undefined,
  complain: (message: string) => void,
  trans: TranslationBundle
): JsonObject {
  const others = servers + Number(chief ?? servers > 0);
  if (count > others) {
    return {
      tensorflow: { workerCount: count - others, parameterServerCount: servers }
    };
  }
  complain(
    others === 2
      ? trans.__(
          'A parameter server needs a chief and a worker beside it: 3 processes or more. Without a communicator all are workers.'
        )
      : trans.__(
          'This cluster has a worker beside its chief and its parameter servers: %1 processes or more.',
          others + 1
        )
  );
  return {};
}

function countOf(
  state: Several,
  field: 'processes' | 'nodes',
  trans: TranslationBundle,
  complain: (field: FieldId, message: string) => void
): number | undefined {
  const text = state[field].trim();
  if (text === '') {
    return undefined;
  }
  if (!/^\d+$/.test(text) || Number(text) < 1) {
    complain(field, trans.__('A whole number above 0 is needed.'));
    return undefined;
  }
  return Number(text);
}

/** Chief, workers and parameter servers together; the defaults are the server's. */
function clusterSize(asked: NonNullable<Cluster>): number {
  const servers = asked.parameterServerCount ?? 1;
  const hasChief = asked.chief ?? servers > 0;
  return (asked.workerCount ?? 1) + servers + (hasChief ? 1 : 0);
}

/** What the dialog shows of an old run: processes in total, as people count them. */
export function severalOf(
  configuration: NonNullable<RunDefinition['configuration']>
): Omit<Several, 'gpus'> {
  const { framework, communicator, nodeCount } = configuration;
  const { mpi, pyTorch, tensorflow } = configuration;
  const name = knownAs(framework ?? '');
  const word = communicator?.toLowerCase() ?? 'none';
  const text = (count: number | null | undefined) =>
    count === null || count === undefined ? '' : String(count);
  const perNode = mpi?.processCountPerNode;
  const isCluster = name === 'TensorFlow' && word === 'parameterserver';
  // Workers alone are what nobody has to name.
  const isUnnamed =
    word === 'none' || (isCluster && tensorflow?.parameterServerCount === 0);
  const processes = isCluster
    ? clusterSize(tensorflow ?? {})
    : name === 'PyTorch' && ['gloo', 'nccl'].includes(word)
      ? pyTorch?.processCount
      : // Spark has no number of processes; clients that send all sections say 1.
        name === 'PySpark'
        ? undefined
        : perNode && perNode * (nodeCount ?? 1);
  return {
    framework: name,
    communicator: isUnnamed ? '' : (communicator ?? ''),
    processes: text(processes),
    nodes: text(nodeCount)
  };
}

/** Whether what is run is a notebook, whose one kernel is one process. */
export function isOneProcess(subject: ISubject, state: ISubmitState): boolean {
  const isOfFolder = subject.kind === 'folder' && state.what === 'script';
  return (
    subject.takesParameters ||
    subject.kind === 'cells' ||
    (isOfFolder && state.script.trim().endsWith('.ipynb'))
  );
}
