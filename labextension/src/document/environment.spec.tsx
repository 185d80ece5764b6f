import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { RunServer } from '../../testing/runserver';
import { ExecProvider } from '../components/context';
import { RequestFailure } from '../server/errors';
import type { Run, RunLock } from '../types';
import { placeOf, storePath } from './data';
import Environment from './environment';
import { hasEnvironment, packagesOf } from './environmentfacts';

const DIGEST = `host/python@sha256:${'a'.repeat(64)}`;
const LOCK: RunLock = {
  kind: 'image',
  hash: 'abc',
  python: '3.12.1',
  lock: 'numpy==2.0 \\\n    --hash=sha256:00\ntorch[cuda]==2.1\n',
  images: [{ reference: 'host/python:3.12', id: 'sha256:12', digest: DIGEST }]
};

function runWith(configuration: object, more: Partial<Run> = {}): Run {
  return { definition: { configuration }, ...more } as unknown as Run;
}

describe('The tab "Environment"', () => {
  let server: RunServer;

  beforeEach(() => {
    server = new RunServer();
  });

  afterEach(() => {
    jest.restoreAllMocks();
    server.stop();
  });

  function show(answer: () => Promise<RunLock>, run: Partial<Run>): void {
    const { model } = server;
    const { runId } = server.add({ runId: 'r' });
    jest.spyOn(model.runs, 'environment').mockImplementation(answer);
    jest.spyOn(model.runs, 'logs').mockResolvedValue([]);
    const context = {
      model,
      commands: new CommandRegistry(),
      trans: nullTranslator.load('')
    };
    const whole = { ...server.runs[0], ...run, runId };
    render(
      <ExecProvider value={context}>
        <Environment run={whole} isDeleted={false} />
      </ExecProvider>
    );
  }

  it('tells the image with its digest, and shows the lock when asked', async () => {
    show(() => Promise.resolve(LOCK), { status: 'Completed' });
    for (const text of ['host/python:3.12', DIGEST, '3.12.1', '2 packages']) {
      expect(await screen.findByText(text)).toBeTruthy();
    }
    expect(screen.queryByLabelText('Lock')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Show the lock' }));
    const lock = await screen.findByLabelText('Lock');
    expect(lock.textContent).toBe(LOCK.lock);
  });

  it('says that a run had none, and tells any other failure', async () => {
    const none = new RequestFailure('notFound', 'none');
    show(() => Promise.reject(none), { status: 'Failed' });
    await screen.findByText('Nothing was made ready for this run.');
    expect(screen.queryByRole('alert')).toBeNull();
  });
});

it('is there where something is made for a run', () => {
  const made = (kind: string) =>
    ({ environment: { kind, hash: null, python: null } }) as Partial<Run>;
  expect(hasEnvironment(runWith({}))).toBe(false);
  expect(hasEnvironment(runWith({}, made('system')))).toBe(false);
  expect(hasEnvironment(runWith({}, made('venv')))).toBe(true);
  const docker = { environment: { docker: { enabled: true } } };
  expect(hasEnvironment(runWith(docker))).toBe(true);
  expect(hasEnvironment({ definition: {} } as unknown as Run)).toBe(false);
});

it('counts packages of a lock, not their hashes', () => {
  expect(packagesOf(LOCK.lock as string)).toBe(2);
  expect(packagesOf('slow @ file:///x\n# via nothing\n')).toBe(1);
  expect(packagesOf('{"packages": []}')).toBe(0);
});

describe('A data reference', () => {
  it('names its store and path', () => {
    const of = (reference: object) => storePath(reference, 'run_1');
    expect(of({ dataStoreName: 'disk', pathOnDataStore: 'a/b' })).toBe(
      'disk : a/b'
    );
    expect(of({ dataStoreName: 'disk', mode: 'Upload' })).toBe('disk : run_1/');
    expect(of({ pathOnDataStore: 'x/${AZUREML_RUN_ID}/$AZUREML_RUN_ID' })).toBe(
      'x/run_1/run_1'
    );
    expect(of({})).toBe('/');
  });

  it('has a place below the working folder', () => {
    expect(placeOf('raw', {})).toBe('dataReferences/raw');
    expect(placeOf('raw', { pathOnCompute: './data' })).toBe('data');
    expect(placeOf('raw', { pathOnCompute: '/' })).toBe('.');
  });
});
