/** Several processes: what each framework calls them. No DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { RunDefinition } from '../types';
import {
  countsOf,
  FRAMEWORKS,
  IFramework,
  knownAs,
  usualCommunicator
} from './frameworklist';
import { JsonObject } from './patch';
import type { FieldId, ISubject, ISubmitState } from './state';

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
  // TensorFlow's processes are not counted by node: nodes alone are so many processes.
  const isCluster =
    framework === 'TensorFlow' &&
    communicator?.toLowerCase() === 'parameterserver';
  const isByNodes = isCluster && (machines ?? 1) > 1;
  if (isByNodes && count !== undefined) {
    complain(
      'nodes',
      trans.__(
        "TensorFlow's processes are not counted by node: leave nodes or processes out, or choose Mpi."
      )
    );
    return {};
  }
  const total = isByNodes ? machines : count;
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
    ...(machines !== undefined && !isCluster && { nodeCount: machines }),
    ...(total !== undefined &&
      processesOf(
        framework,
        communicator,
        named !== '',
        countsOf(frameworks, framework, communicator ?? 'None'),
        total,
        machines ?? 1,
        message => complain(isByNodes ? 'nodes' : 'processes', message),
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
    ? tensorflow && clusterSize(tensorflow)
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
    nodes: isCluster ? '' : text(nodeCount)
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
