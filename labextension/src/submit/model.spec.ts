import { nullTranslator } from '@jupyterlab/translation';

import type { ExecModel } from '../model/exec';
import { ExecSettings } from '../model/settings';
import type { Run } from '../types';
import { NOTHING_KNOWN } from './container';
import { FRAMEWORKS } from './frameworklist';
import { SubmitModel } from './model';
import { initialState, ISubject } from './state';

it('makes one run, however often it is asked to', async () => {
  const answers: ((run: Run) => void)[] = [];
  const submit = () => new Promise<Run>(resolve => answers.push(resolve));
  const exec = { runs: { submit }, store: { add: () => undefined } };
  const subject = {
    kind: 'script',
    path: 'a.py',
    folder: '',
    fileName: 'a.py',
    name: 'a.py',
    experiment: 'e',
    schema: { properties: {} },
    run: null
  } as unknown as ISubject;
  const state = initialState(subject, new ExecSettings(), {});
  const model = new SubmitModel({
    exec: exec as unknown as ExecModel,
    trans: nullTranslator.load('jupyter-exec'),
    subject,
    initial: state,
    state,
    kernels: [],
    targets: [],
    frameworks: FRAMEWORKS,
    suggestions: { scripts: [], environments: [] },
    readText: () => Promise.resolve(''),
    known: () => Promise.resolve(NOTHING_KNOWN),
    database: null
  });
  const first = model.submit();
  const second = model.submit();
  while (answers.length === 0) {
    await Promise.resolve();
  }
  answers[0]({ runId: 'r' } as Run);
  expect((await first)?.runId).toBe('r');
  expect((await second)?.runId).toBe('r');
  expect((await model.submit())?.runId).toBe('r');
  expect(answers).toHaveLength(1);
});
