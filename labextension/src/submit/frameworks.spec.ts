import { readFileSync } from 'fs';
import { resolve } from 'path';

import { nullTranslator } from '@jupyterlab/translation';

import type { RunDefinition } from '../types';
import { countsOf, FRAMEWORKS, frameworksOf } from './frameworklist';
import { frameworkSection, isOneProcess, severalOf } from './frameworks';
import type { ISubject, ISubmitState } from './state';

type Words = Readonly<Record<string, string | number>>;

interface IExamples {
  readonly right: readonly { words: Words; section: object }[];
  readonly wrong: readonly { words: Words; option: string; reason: string }[];
}

/** What the client, which does the same, is tested with. */
const EXAMPLES = JSON.parse(
  readFileSync(
    resolve(__dirname, '../../../tests/unit/framework_examples.json'),
    'utf8'
  )
) as IExamples;
const trans = nullTranslator.load('jupyter-exec');

function sectionOf(words: Words) {
  const text = (name: string) => String(words[name] ?? '');
  const faults: string[] = [];
  const section = frameworkSection(
    {
      framework: text('framework'),
      communicator: text('communicator'),
      processes: text('processes'),
      nodes: text('nodes'),
      gpus: text('gpus')
    },
    trans,
    field => faults.push(field)
  );
  return { section, faults };
}

describe('frameworkSection', () => {
  it.each(EXAMPLES.right)('makes what the client makes: %j', example => {
    expect(sectionOf(example.words)).toEqual({
      section: example.section,
      faults: []
    });
  });

  it.each(EXAMPLES.wrong)('complains where the client does: %j', example => {
    expect(sectionOf(example.words).faults).toEqual([example.option]);
  });

  it('has examples of every framework', () => {
    const named = EXAMPLES.right.map(({ section }) =>
      'framework' in section ? section.framework : 'Python'
    );
    for (const { name } of FRAMEWORKS) {
      expect(named).toContain(name);
    }
  });
});

describe('severalOf', () => {
  it.each(EXAMPLES.right)('shows what made it: %j', ({ words, section }) => {
    const shown = severalOf(
      section as NonNullable<RunDefinition['configuration']>
    );
    expect(sectionOf({ ...shown, gpus: words['gpus'] ?? '' })).toEqual({
      section,
      faults: []
    });
    // Workers of TensorFlow are counted, whichever word was used for them.
    const counted = 'tensorflow' in section ? words['nodes'] : '';
    expect(shown.processes).toBe(String(words['processes'] ?? counted ?? ''));
  });

  it('shows nothing of a run of one process', () => {
    const nothing = {
      framework: '',
      communicator: '',
      processes: '',
      nodes: ''
    };
    expect(severalOf({ script: 'a.py' })).toEqual(nothing);
    expect(severalOf({ communicator: 'None' })).toEqual(nothing);
  });
});

describe('The frameworks of the server', () => {
  const view = (name: string, communicators: Record<string, string[]>) => ({
    name,
    communicators: Object.entries(communicators).map(([each, counts]) => ({
      name: each,
      counts
    }))
  });
  const served = frameworksOf([
    view('Cntk', { None: [], Mpi: ['nodeCount', 'mpi.processCountPerNode'] }),
    view('Python', { None: [], Mpi: ['nodeCount', 'mpi.processCountPerNode'] }),
    view('dask', { None: [], Tcp: ['pyTorch.processCount'] }),
    view('shards', { None: ['nodeCount'] })
  ]);
  const section = (state: object) => {
    const faults: string[] = [];
    const nothing = { communicator: '', processes: '', nodes: '', gpus: '' };
    const made = frameworkSection(
      { framework: '', ...nothing, ...state },
      trans,
      (field, message) => faults.push(`${field}: ${message}`),
      undefined,
      served
    );
    return { made, faults };
  };

  it('are offered, the known ones first, and no others', () => {
    expect(served.map(({ name }) => name)).toEqual([
      'Python',
      'Cntk',
      'dask',
      'shards'
    ]);
    expect(frameworksOf(undefined)).toBe(FRAMEWORKS);
  });

  it('say by which fields processes are counted', () => {
    expect(section({ framework: 'Shards', nodes: '3' })).toEqual({
      made: { framework: 'shards', nodeCount: 3 },
      faults: []
    });
    expect(section({ framework: 'shards', processes: '3' }).faults).toEqual([
      'processes: shards does not count processes: say how many nodes.'
    ]);
    expect(section({ framework: 'dask', processes: '3' }).made).toEqual({
      framework: 'dask',
      communicator: 'Tcp',
      pyTorch: { processCount: 3 }
    });
    expect(section({ processes: '2' }).made).toEqual({
      communicator: 'Mpi',
      mpi: { processCountPerNode: 2 }
    });
    expect(countsOf(served, 'Fortran', '')).toBeUndefined();
  });
});

it('knows what is one process', () => {
  const is = (subject: object, state: object = {}) =>
    isOneProcess(subject as ISubject, state as ISubmitState);
  expect(is({ kind: 'script' })).toBe(false);
  expect(is({ kind: 'notebook', takesParameters: true })).toBe(true);
  expect(is({ kind: 'cells' })).toBe(true);
  const folder = { kind: 'folder' };
  expect(is(folder, { what: 'script', script: 'a.ipynb ' })).toBe(true);
  expect(is(folder, { what: 'script', script: 'a.py' })).toBe(false);
  expect(is(folder, { what: 'command', script: 'a.ipynb' })).toBe(false);
});
