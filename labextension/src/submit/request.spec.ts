import type { INotebookContent } from '@jupyterlab/nbformat';
import { nullTranslator } from '@jupyterlab/translation';

import { defaultsOf } from '../model/schema';
import { ExecSettings } from '../model/settings';
import type { Run } from '../types';
import { cellsName, cellsNotebook } from './cells';
import { EnvironmentFileError, readEnvironmentFile } from './environmentfile';
import { fieldsOf, placeSubmitFaults } from './faults';
import { rerunRequestOf, submitRequestOf } from './request';
import { rerunState } from './rerunstate';
import { initialState, ISubject, ISubmitState, likelyScript } from './state';
import { experimentOf } from './subject';

const trans = nullTranslator.load('jupyter-exec');
const SUBJECT: ISubject = {
  kind: 'notebook',
  path: 'project/train.ipynb',
  folder: 'project',
  fileName: 'train.ipynb',
  name: 'train.ipynb',
  experiment: 'project',
  content: null,
  kernel: 'python3',
  shell: [],
  schema: {
    properties: {
      lr: { type: 'number', default: 0.1 },
      layers: { type: 'array', default: [8, 4] }
    }
  },
  hints: [],
  run: null,
  document: null,
  takesParameters: true
};

function stateOf(
  subject: ISubject,
  change: Partial<ISubmitState> = {}
): ISubmitState {
  const values = defaultsOf(subject.schema);
  return { ...initialState(subject, new ExecSettings(), values), ...change };
}

function submitted(subject: ISubject, change: Partial<ISubmitState> = {}) {
  const faults: [string, string][] = [];
  const request = submitRequestOf(
    subject,
    stateOf(subject, change),
    { dependencies: null, named: null, isContained: false },
    trans,
    (field, message) => faults.push([field, message])
  );
  return { request, faults };
}

describe('submitRequestOf', () => {
  it('sends a notebook as the client does, and no parameter that nobody changed', () => {
    expect(submitted(SUBJECT)).toEqual({
      request: {
        experiment: 'project',
        displayName: 'train.ipynb',
        definition: {
          configuration: { script: 'train.ipynb', kernel: 'python3' }
        },
        source: { path: 'project', limit: true }
      },
      faults: []
    });
  });

  it('begins a folder with main.py, else with its only script', () => {
    expect(likelyScript(['helper.py', 'main.py'])).toBe('main.py');
    expect(likelyScript(['make.py'])).toBe('make.py');
    expect(likelyScript(['a.py', 'b.py'])).toBe('');
  });

  it('sends defaults that can be given exactly, so that the run tells them', () => {
    const { request } = submitted({ ...SUBJECT, exact: ['lr'] });
    expect(request.definition?.configuration?.parameters).toEqual({ lr: 0.1 });
  });

  it('sends all that was filled in', () => {
    const { request, faults } = submitted(SUBJECT, {
      values: { lr: '5e-2', layers: '[8, 4, 2]' },
      others: 'seed=7',
      environment: 'interpreter',
      interpreter: '/opt/bin/python',
      cpus: '2',
      memory: '4G',
      timeLimit: '1h30m',
      retries: '1',
      tags: 'owner=me, draft',
      variables: 'A=b=c',
      secrets: [{ name: 'TOKEN', value: 's' }],
      files: '*.py, data/*',
      link: '"big data"',
      large: true,
      target: 'slurm'
    });
    expect(faults).toEqual([]);
    expect(request).toEqual({
      experiment: 'project',
      displayName: 'train.ipynb',
      tags: { owner: 'me', draft: '' },
      secrets: { TOKEN: 's' },
      definition: {
        configuration: {
          script: 'train.ipynb',
          parameters: { lr: 0.05, layers: [8, 4, 2], seed: 7 },
          target: 'slurm',
          environment: {
            python: {
              interpreterPath: '/opt/bin/python',
              userManagedDependencies: true
            },
            environmentVariables: { A: 'b=c' }
          },
          resources: { cpus: 2, memory: '4G' },
          maxRunDurationSeconds: 5400,
          retries: 1,
          secrets: ['TOKEN']
        }
      },
      source: {
        path: 'project',
        files: ['*.py', 'data/*'],
        link: ['big data']
      }
    });
  });

  it('tells everything that is wrong at once', () => {
    const { faults } = submitted(SUBJECT, {
      others: 'nonsense',
      environment: 'interpreter',
      cpus: 'many',
      memory: 'lots',
      gpus: '0.5',
      retries: '-1',
      timeLimit: 'soon',
      variables: 'A',
      secrets: [{ name: '', value: '' }]
    });
    expect(faults).toContainEqual([
      'cpus',
      'A number such as 2 or 0.5 is needed.'
    ]);
    expect(faults.map(([field]) => field).sort()).toEqual([
      'cpus',
      'gpus',
      'interpreter',
      'memory',
      'others',
      'retries',
      'secrets',
      'timeLimit',
      'variables'
    ]);
  });

  it('runs a shell script by its shell, and a folder by a script or a command', () => {
    const shell: ISubject = {
      ...SUBJECT,
      kind: 'shell',
      fileName: 'job.sh',
      shell: ['bash', '-e'],
      takesParameters: false
    };
    const configurationOf = (
      subject: ISubject,
      change: Partial<ISubmitState>
    ) => submitted(subject, change).request.definition?.configuration;
    expect(configurationOf(shell, { arguments: '"a b"' })).toEqual({
      command: ['bash', '-e', 'job.sh', 'a b']
    });
    const folder: ISubject = { ...shell, kind: 'folder', fileName: '' };
    expect(
      configurationOf(folder, { script: 'main.py', arguments: '-x' })
    ).toEqual({ script: 'main.py', arguments: ['-x'] });
    expect(
      configurationOf(folder, { what: 'command', command: 'make | tee log' })
    ).toEqual({ command: 'make | tee log' });
    expect(submitted(folder).faults[0][0]).toBe('script');
    expect(submitted(folder).request.source).toEqual({ path: 'project' });
  });

  it('sends what the server cannot read, and selected cells on top of their folder', () => {
    const content = {
      cells: [],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5
    } as INotebookContent;
    const elsewhere = { ...SUBJECT, folder: null, content };
    expect(submitted(elsewhere).request.source).toEqual({
      notebook: content,
      name: 'train.ipynb'
    });
    const script: ISubject = {
      ...elsewhere,
      kind: 'script',
      fileName: 'a.py',
      content: 'print(1)'
    };
    expect(submitted(script).request).toMatchObject({
      source: {},
      overlay: { 'a.py': { text: 'print(1)' } }
    });
    const cells: ISubject = {
      ...SUBJECT,
      kind: 'cells',
      folder: '',
      fileName: 'train-cells.ipynb',
      cells: above => ({ ...content, metadata: { above } })
    };
    const { request } = submitted(cells, { above: true });
    expect(request.source).toEqual({ path: '.', limit: true });
    const text = request.overlay?.['train-cells.ipynb'].text ?? '';
    expect(JSON.parse(text)).toMatchObject({ metadata: { above: true } });
  });
});

const RUN = {
  runId: 'r1',
  displayName: 'first',
  experiment: 'project',
  target: 'local',
  tags: { owner: 'me', rerunOf: 'r0' },
  definition: {
    configuration: {
      script: 'train.ipynb',
      kernel: 'python3',
      parameters: { lr: 0.5, table: { a: 1 } },
      resources: { memory: 2 ** 31, cpus: 2 },
      environment: {
        python: { condaDependencies: { dependencies: ['numpy'] } },
        environmentVariables: { A: '1' }
      }
    }
  }
} as unknown as Run;

describe('rerunRequestOf', () => {
  const subject: ISubject = { ...SUBJECT, kind: 'rerun', run: RUN };
  const before = rerunState(subject, RUN);
  const rerun = (change: Partial<ISubmitState>) =>
    rerunRequestOf(
      subject,
      before,
      false,
      { ...before, ...change },
      { dependencies: null, named: null, isContained: false },
      trans,
      (field, message) => {
        throw new Error(`${field}: ${message}`);
      }
    );

  it('shows what the run had', () => {
    expect(before).toMatchObject({
      memory: '2G',
      cpus: '2',
      others: 'table={"a":1}',
      variables: 'A=1',
      tags: 'owner=me',
      values: { lr: 0.5, layers: '[8, 4]' }
    });
  });

  it('sends nothing where nothing was changed', () => {
    expect(rerun({})).toEqual({});
  });

  it('sends only what was changed, and null for what is gone', () => {
    expect(
      rerun({
        name: 'second',
        values: { lr: '0.25', layers: '[8, 4]' },
        others: '',
        memory: '',
        variables: '',
        tags: 'owner=you'
      })
    ).toEqual({
      displayName: 'second',
      tags: { owner: 'you', rerunOf: 'r1' },
      definition: {
        configuration: {
          parameters: { lr: 0.25, table: null },
          resources: { memory: null },
          environment: { environmentVariables: null }
        }
      }
    });
  });

  it('replaces one way of naming a Python by another', () => {
    const { definition } = rerun({
      environment: 'interpreter',
      interpreter: '/opt/bin/python'
    });
    expect(definition).toEqual({
      configuration: {
        kernel: null,
        environment: {
          python: {
            condaDependencies: null,
            interpreterPath: '/opt/bin/python',
            userManagedDependencies: true
          }
        }
      }
    });
  });
});

describe('placeSubmitFaults', () => {
  it('puts a fault beside the field that can mend it', () => {
    const fault = (target: string) => ({ code: 'x', message: target, target });
    const base = 'definition.configuration';
    const faults = [
      `${base}.resources.memory`,
      `${base}.resources`,
      `${base}.parameters.lr`,
      `${base}.parameters`,
      'experiment',
      'source.path',
      `${base}.environment.python.interpreterPath`
    ].map(fault);
    const placed = placeSubmitFaults(faults, SUBJECT, fieldsOf(SUBJECT, false));
    expect(Object.keys(placed.fields).sort()).toEqual([
      'experiment',
      'interpreter',
      'memory',
      'others',
      'resources'
    ]);
    expect(placed.values).toEqual({ lr: [`${base}.parameters.lr`] });
    expect(placed.rest).toEqual([fault('source.path')]);
  });
});

describe('cellsNotebook', () => {
  const cell = (source: string, tags: string[] = [], cell_type = 'code') => ({
    cell_type,
    source,
    metadata: { tags },
    outputs: ['old'],
    execution_count: 3
  });
  const notebook = {
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
    cells: [
      cell('import this'),
      cell('# text', [], 'markdown'),
      cell('lr = 1', ['parameters']),
      cell('a = lr'),
      cell('# plot\nplot(a)'),
      cell('never')
    ]
  } as unknown as INotebookContent;
  const sources = (selected: number[], above: boolean) =>
    cellsNotebook(notebook, selected, above).cells.map(({ source }) => source);

  it('takes the selected code cells with the parameters, or all above them', () => {
    expect(sources([4], false)).toEqual(['lr = 1', '# plot\nplot(a)']);
    expect(sources([3, 4], true)).toEqual([
      'import this',
      'lr = 1',
      'a = lr',
      '# plot\nplot(a)'
    ]);
    expect(cellsNotebook(notebook, [4], false).cells[1]['outputs']).toEqual([]);
  });

  it('is called by what it says', () => {
    expect(cellsName([notebook.cells[4]])).toBe('plot');
    expect(cellsName([notebook.cells[0]])).toBe('import this');
  });
});

describe('readEnvironmentFile', () => {
  const files: Record<string, string> = {
    'a/requirements.txt': '# all\nnumpy >=1  # fast\n-r more.txt\n\n',
    'a/more.txt': 'torch\\\n ==2\n',
    'a/round.txt': '-r round.txt',
    'a/conda.yml':
      'name: x\nchannels: [defaults]\ndependencies:\n- python=3.11\n- pip:\n  - -r more.txt\n',
    'a/compiled.txt':
      '--require-hashes\nrich==14 \\\n  --hash=sha256:1 \\\n  --hash=sha256:2\n  # via x\n',
    'a/options.txt': 'rich \\\n  ==14\n\n-c limits.txt\n',
    'a/variables.yml': 'dependencies: [python]\nvariables: {A: b}\n',
    'a/platforms.yml': 'dependencies: [python]\nplatforms: [linux-64]\n',
    'a/wrong.yml': 'a: [',
    'a/none.yml': 'a: 1'
  };
  const read = (path: string) =>
    readEnvironmentFile(
      path,
      async at => files[at],
      async at => ({
        python: { condaDependencies: { dependencies: [`of ${at}`] } }
      })
    );

  it('reads packages with the files that are included', async () => {
    expect(await read('a/requirements.txt')).toEqual({
      dependencies: [{ pip: ['numpy >=1', 'torch  ==2'] }]
    });
    expect(await read('a/conda.yml')).toEqual({
      channels: ['defaults'],
      dependencies: ['python=3.11', { pip: ['torch  ==2'] }]
    });
  });

  it('reads what pip-compile writes', async () => {
    expect(await read('a/compiled.txt')).toEqual({
      dependencies: [{ pip: ['rich==14'] }]
    });
  });

  it.each([
    ['options.txt', 'a/options.txt, line 4: the option -c is not taken'],
    ['variables.yml', 'move them from the file to Environment variables'],
    ['platforms.yml', 'has platforms, which would have no effect']
  ])('tells what %s has that is not taken', async (name, words) => {
    await expect(read(`a/${name}`)).rejects.toThrow(words);
  });

  it('leaves files of projects to the server', async () => {
    for (const path of ['a/pyproject.toml', 'uv.lock', 'a/pylock.gpu.toml']) {
      expect(await read(path)).toEqual({ dependencies: [`of ${path}`] });
    }
  });

  it.each(['a/round.txt', 'a/wrong.yml', 'a/none.yml', 'a/x.toml'])(
    'refuses %s',
    async path => {
      await expect(read(path)).rejects.toThrow(EnvironmentFileError);
    }
  );
});

describe('experimentOf', () => {
  it.each([
    ['work/my project', '/home/me', 'my project'],
    ['', '/home/me/study/', 'study'],
    ['a/_<b>', '/', 'b-'],
    ['', '~', 'default']
  ])('names %j below %j', (folder, root, name) => {
    expect(experimentOf(folder, root)).toBe(name);
  });
});
