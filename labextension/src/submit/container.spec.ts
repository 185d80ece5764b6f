import { nullTranslator } from '@jupyterlab/translation';

import type { RunsApi } from '../server/api';
import { RequestFailure } from '../server/errors';
import { ExecSettings } from '../model/settings';
import type { EnvironmentView, Run, Target } from '../types';
import type { IProvisions } from './configuration';
import { atTarget, readKnown } from './container';
import { fieldsOf, placeSubmitFaults } from './faults';
import { rerunRequestOf, submitRequestOf } from './request';
import { rerunState } from './rerunstate';
import { initialState, ISubject, ISubmitState } from './state';

const trans = nullTranslator.load('jupyter-exec');
const TARGETS = [
  { name: 'local', containerEngine: null },
  { name: 'docker', containerEngine: 'unix:///var/run/docker.sock' }
] as unknown as Target[];
const SUBJECT = {
  kind: 'script',
  path: 'a/train.py',
  folder: 'a',
  fileName: 'train.py',
  name: 'train.py',
  experiment: 'a',
  content: null,
  kernel: null,
  shell: [],
  schema: { properties: {} },
  hints: [],
  run: null,
  document: null,
  takesParameters: false
} as ISubject;
const STATE: ISubmitState = {
  ...initialState(SUBJECT, new ExecSettings(), {}),
  target: 'docker'
};
const CONTAINED: IProvisions = {
  dependencies: null,
  named: null,
  isContained: true
};

function submitted(
  change: Partial<ISubmitState>,
  more: Partial<IProvisions> = {}
) {
  const faults: [string, string][] = [];
  const request = submitRequestOf(
    SUBJECT,
    { ...STATE, ...change },
    { ...CONTAINED, ...more },
    trans,
    (field, message) => faults.push([field, message])
  );
  const asked = request.definition?.configuration;
  return { environment: asked?.environment, target: asked?.target, faults };
}

describe('A run in a container', () => {
  it('has the image, as the client sends it', () => {
    expect(submitted({ image: ' python:3.12 ' })).toEqual({
      environment: { docker: { enabled: true, baseImage: 'python:3.12' } },
      target: 'docker',
      faults: []
    });
  });

  it('says beside its field that the image is missing, or none', () => {
    expect(submitted({}).faults).toEqual([
      ['image', 'Name the image, for example python:3.12-slim.']
    ]);
    expect(submitted({ image: 'a b' }).faults).toEqual([
      ['image', 'The name of an image has no spaces.']
    ]);
  });

  it('asks for no image elsewhere', () => {
    const { environment, faults } = submitted(
      { target: 'local', image: 'python:3.12' },
      { isContained: false }
    );
    expect([environment, faults]).toEqual([undefined, []]);
  });

  it('has what a file names besides its image', () => {
    const dependencies = { dependencies: ['python=3.12'] };
    const { environment } = submitted(
      { environment: 'file', image: 'x' },
      { dependencies }
    );
    expect(environment).toEqual({
      python: {
        condaDependencies: dependencies,
        userManagedDependencies: false
      },
      docker: { enabled: true, baseImage: 'x' }
    });
  });

  it('takes a fault of its section to the image', () => {
    const fault = {
      code: 'x',
      message: 'm',
      target: 'configuration.environment.docker.baseImage'
    };
    const visible = fieldsOf(SUBJECT, true, true);
    const { fields } = placeSubmitFaults([fault], SUBJECT, visible);
    expect(fields).toEqual({ image: ['m'] });
    expect(fieldsOf(SUBJECT, true).has('image')).toBe(false);
  });
});

describe('A named environment', () => {
  const NAMED = {
    environment: 'named',
    environmentName: 'mine',
    environmentVersion: '3'
  } as const;
  const OF_IMAGE = { docker: { enabled: true, baseImage: 'x:1' } };

  it('is sent by its name', () => {
    const { environment } = submitted(NAMED, { isContained: false });
    expect(environment).toEqual({ name: 'mine', version: '3' });
  });

  it('may have the image; another one beside it is refused', () => {
    const more = { named: OF_IMAGE as IProvisions['named'] };
    expect(submitted(NAMED, more)).toMatchObject({
      environment: { name: 'mine', version: '3' },
      faults: []
    });
    const { faults } = submitted({ ...NAMED, image: 'y' }, more);
    expect(faults.map(([field]) => field)).toEqual(['image']);
  });

  it('gives its Python to an image, without its name', () => {
    const python = { condaDependencies: { dependencies: ['python'] } };
    const named = { python } as IProvisions['named'];
    const { environment } = submitted({ ...NAMED, image: 'y' }, { named });
    expect(environment).toEqual({
      python,
      docker: { enabled: true, baseImage: 'y' }
    });
  });
});

describe('atTarget', () => {
  const state = {
    ...STATE,
    target: 'local',
    environment: 'kernel',
    kernel: 'python3'
  } as const;

  it("takes the image's Python in the place of a kernel, and back", () => {
    const there = atTarget('docker', state, TARGETS);
    expect(there).toEqual({ target: 'docker', environment: 'server' });
    const back = atTarget('local', { ...state, ...there }, TARGETS);
    expect(back).toEqual({ target: 'local', environment: 'kernel' });
  });

  it('leaves other choices alone', () => {
    const file = { ...state, environment: 'file' } as const;
    expect(atTarget('docker', file, TARGETS).environment).toBe('file');
    expect(atTarget('', state, TARGETS).environment).toBe('kernel');
  });
});

describe('Running again', () => {
  const rerun = (
    docker: object | undefined,
    from: string,
    change: Partial<ISubmitState>,
    python?: object
  ) => {
    const configuration = { script: 'a.py', environment: { docker, python } };
    const run = {
      runId: 'r',
      displayName: 'a',
      experiment: 'e',
      target: from,
      tags: {},
      definition: { configuration }
    } as unknown as Run;
    const subject = { ...SUBJECT, kind: 'rerun', run } as ISubject;
    const before = rerunState(subject, run);
    const state = { ...before, ...change };
    const faults: string[] = [];
    const request = rerunRequestOf(
      subject,
      before,
      from === 'docker',
      state,
      { ...CONTAINED, isContained: state.target === 'docker' },
      trans,
      field => faults.push(field)
    );
    return [request.definition?.configuration, faults];
  };
  const OLD = { enabled: true, baseImage: 'x:1', arguments: ['--cpus=1'] };

  it('sends a new image only', () => {
    expect(rerun(OLD, 'docker', {})).toEqual([undefined, []]);
    expect(rerun(OLD, 'docker', { image: 'x:2' })).toEqual([
      { environment: { docker: { baseImage: 'x:2' } } },
      []
    ]);
    expect(rerun(OLD, 'docker', { image: '' })[1]).toEqual(['image']);
  });

  it('puts an image in the place of a Dockerfile, which needs none', () => {
    const old = { enabled: true, baseDockerfile: 'FROM x' };
    expect(rerun(old, 'docker', {})).toEqual([undefined, []]);
    expect(rerun(old, 'docker', { image: 'y' })).toEqual([
      { environment: { docker: { baseImage: 'y', baseDockerfile: null } } },
      []
    ]);
  });

  it('goes into a container and out of it', () => {
    const python = { interpreterPath: '/usr/bin/python3' };
    const into = { target: 'docker', image: 'y' };
    expect(rerun(undefined, 'local', into, python)).toEqual([
      {
        target: 'docker',
        environment: {
          docker: { enabled: true, baseImage: 'y' },
          python: { interpreterPath: null }
        }
      },
      []
    ]);
    expect(rerun(OLD, 'docker', { target: 'local' })).toEqual([
      { target: 'local', environment: { docker: null } },
      []
    ]);
  });
});

describe('readKnown', () => {
  const runs = ['x:1', 'x:2', 'x:1', null].map(baseImage => ({
    definition: { configuration: { environment: { docker: { baseImage } } } }
  }));
  const named = [
    { name: 'a', definition: { docker: { baseImage: 'named:1' } } },
    { name: 'submarine', definition: null }
  ] as EnvironmentView[];

  it('finds images of runs and of names, each once', async () => {
    const asked: unknown[] = [];
    const api = {
      environments: async () => ({ named, built: [] }),
      list: async (filter: unknown) => {
        asked.push(filter);
        return { runs, next: null, total: 4 };
      }
    } as unknown as RunsApi;
    const known = await readKnown(api, TARGETS);
    expect(known.images).toEqual(['x:1', 'x:2', 'named:1']);
    expect(known.named.map(({ name }) => name)).toEqual(['a']);
    expect(asked).toEqual([{ target: 'docker' }]);
  });

  it('finds nothing where this user may not look, and tells all else', async () => {
    const failing = (kind: 'forbidden' | 'unreachable') =>
      ({
        environments: () => Promise.reject(new RequestFailure(kind, 'no'))
      }) as unknown as RunsApi;
    expect((await readKnown(failing('forbidden'), TARGETS)).images).toEqual([]);
    await expect(readKnown(failing('unreachable'), TARGETS)).rejects.toThrow(
      'no'
    );
  });
});
