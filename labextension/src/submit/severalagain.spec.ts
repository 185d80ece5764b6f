import { readdirSync, readFileSync } from 'fs';
import { resolve } from 'path';

import { nullTranslator } from '@jupyterlab/translation';

import type { Run, RunDefinition } from '../types';
import { JsonObject } from './patch';
import { rerunRequestOf } from './request';
import { rerunState } from './rerunstate';
import type { ISubject, ISubmitState } from './state';

type Configuration = NonNullable<RunDefinition['configuration']>;

const PLANS = resolve(__dirname, '../../../tests/unit/plans');
const GOLDEN = readdirSync(PLANS).map(name => {
  const { configuration } = JSON.parse(
    readFileSync(resolve(PLANS, name), 'utf8')
  ) as { configuration: JsonObject };
  return [name, configuration] as const;
});
const TF = { framework: 'TensorFlow', communicator: 'ParameterServer' };
const BY_HAND: readonly (readonly [string, JsonObject])[] = [
  ['two servers', { ...TF, tensorflow: { parameterServerCount: 2 } }],
  ['a worker and a server', { ...TF, tensorflow: { chief: false } }],
  ['counts left out', { ...TF, nodeCount: 1 }],
  [
    'a chief alone with workers',
    { ...TF, tensorflow: { parameterServerCount: 0, chief: true } }
  ],
  [
    'letter case',
    { framework: 'pytorch', communicator: 'gloo', pyTorch: { processCount: 2 } }
  ]
];
/** As `azureml-core` sends it: the sections of all frameworks. */
const SECTIONS = {
  communicator: 'None',
  nodeCount: 1,
  mpi: { processCountPerNode: 1 },
  tensorflow: { workerCount: 1, parameterServerCount: 1 },
  pyTorch: { communicationBackend: 'nccl', processCount: null }
};
const ALL: readonly (readonly [string, JsonObject])[] = [
  ...GOLDEN,
  ...BY_HAND
].flatMap(([name, configuration]) => [
  [name, { script: 'train.py', ...configuration }] as const,
  [
    `${name}, with all sections`,
    { script: 'train.py', ...SECTIONS, ...configuration }
  ] as const
]);

function again(
  given: JsonObject,
  change: (before: ISubmitState) => Partial<ISubmitState>
) {
  const configuration = {
    ...given,
    // As the server keeps them: texts.
    ...(Array.isArray(given['arguments']) && {
      arguments: given['arguments'].map(String)
    })
  };
  const run = {
    runId: 'r1',
    displayName: 'train',
    experiment: 'e',
    target: 'local',
    tags: {},
    definition: { configuration }
  } as unknown as Run;
  const subject: ISubject = {
    kind: 'rerun',
    path: 'r1',
    folder: null,
    fileName: '',
    name: 'train',
    experiment: 'e',
    content: null,
    kernel: null,
    shell: [],
    schema: { properties: {} },
    hints: [],
    run,
    document: null,
    takesParameters: false
  };
  const isContained =
    'docker' in (run.definition.configuration?.environment ?? {});
  const before = rerunState(subject, run);
  const faults: string[] = [];
  const request = rerunRequestOf(
    subject,
    before,
    isContained,
    { ...before, ...change(before) },
    { dependencies: null, named: null, isContained },
    nullTranslator.load('jupyter-exec'),
    (field, message) => faults.push(`${field}: ${message}`)
  );
  return { request, faults, subject, run };
}

/** Apply a merge patch. Source: RFC 7396. */
function patched(value: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    return patch;
  }
  const found = { ...(value as JsonObject | undefined) } as Record<
    string,
    unknown
  >;
  for (const [name, member] of Object.entries(patch)) {
    if (member === null) {
      delete found[name];
    } else {
      found[name] = patched(found[name], member);
    }
  }
  return found;
}

describe('A run that is run again from the dialog', () => {
  it.each(ALL)('is the same where nothing is changed: %s', (_, given) => {
    const { request, faults } = again(given, () => ({}));
    expect(faults).toEqual([]);
    expect(request).toEqual({});
  });

  it.each(ALL)('differs in what is changed only: %s', (_, given) => {
    const { request, faults } = again(given, () => ({ cpus: '7' }));
    expect(faults).toEqual([]);
    expect(request).toEqual({
      definition: { configuration: { resources: { cpus: 7 } } }
    });
  });

  it.each(ALL.filter(([, given]) => !('experiment' in given)))(
    'has as many processes as the dialog then says: %s',
    (_, given) => {
      const isSpark = given['framework'] === 'PySpark';
      const typed = isSpark ? { nodes: '4' } : { processes: '12' };
      const { request, faults, subject, run } = again(given, () => typed);
      expect(faults).toEqual([]);
      const patch = request.definition?.configuration as JsonObject;
      const made = patched(given, patch) as Configuration;
      const shown = rerunState(subject, {
        ...run,
        definition: { configuration: made }
      } as Run);
      expect(shown).toMatchObject(typed);
      // Everything else is what it was.
      const counts = ['mpi', 'pyTorch', 'tensorflow', 'nodeCount'];
      expect([...counts, 'communicator']).toEqual(
        expect.arrayContaining(Object.keys(patch))
      );
      expect(made.tensorflow?.chief).toBe(
        (given as Configuration).tensorflow?.chief
      );
      expect(made.pyTorch?.maxRestarts).toBe(
        (given as Configuration).pyTorch?.maxRestarts
      );
    }
  );

  it('keeps the servers of a cluster that gets more workers', () => {
    const { request } = again(
      { ...TF, tensorflow: { workerCount: 3, parameterServerCount: 2 } },
      ({ processes }) => ({ processes: String(Number(processes) + 2) })
    );
    expect(request.definition).toEqual({
      configuration: { tensorflow: { workerCount: 5 } }
    });
  });

  it('tells how small such a cluster can be', () => {
    const { faults } = again(
      { ...TF, tensorflow: { workerCount: 3, parameterServerCount: 2 } },
      () => ({ processes: '3' })
    );
    expect(faults).toEqual([
      expect.stringMatching(/^processes: .*4 processes/)
    ]);
  });

  it('takes only the number away where that is emptied', () => {
    const { request } = again(
      {
        framework: 'PyTorch',
        communicator: 'Gloo',
        pyTorch: { processCount: 4, maxRestarts: 3 }
      },
      () => ({ processes: '' })
    );
    expect(request.definition).toEqual({
      configuration: { pyTorch: { processCount: null } }
    });
  });
});
