import { nullTranslator } from '@jupyterlab/translation';

import { failureMessage, failureTitle, progressText, TITLED } from './texts';

test.each([
  ['1 of 4 trials', 1, 4, '1 of 4 trials'],
  ['12 trials', 12, undefined, '12 trials'],
  ['epoch', 1, 4, 'epoch · 1 / 4'],
  ['epoch 1', 1, 4, 'epoch 1 · 1 / 4'],
  ['11 of 44', 1, 4, '11 of 44 · 1 / 4'],
  [undefined, 1, 4, '1 / 4'],
  ['', 3, null, '3']
])('progress %p of %p, %p', (label, done, total, text) => {
  expect(progressText(done, total, label)).toBe(text);
});

test.each([
  ['ExitCode', 1, 'Failed with exit code 1'],
  ['ExitCode', null, 'Failed'],
  ['MemoryLimit', -9, 'Out of memory'],
  ['TimeLimit', -15, 'Time limit reached'],
  ['Signal', -9, 'Ended by a signal'],
  ['TrialsFailed', null, 'Some trials failed'],
  ['DiskOnFire', 1, 'Failed']
])('a failure with %p and exit code %p', (code, exitCode, title) => {
  const trans = nullTranslator.load('');
  const run = { error: { code, message: 'm' }, exitCode };
  expect(failureTitle(trans, run)).toBe(title);
  expect(TITLED.has(code)).toBe(code !== 'DiskOnFire');
});

test.each([
  ['ExitCode', 'exit code 1', ''],
  ['ExitCode', 'cell 2: ValueError (exit code 1)', 'cell 2: ValueError'],
  ['ExitCode', 'Error (exit code 2)', 'Error (exit code 2)'],
  ['TrialsFailed', 'trial 1: no (exit code 1)', 'trial 1: no (exit code 1)']
])('a failure with %p, %p is told as %p', (code, message, told) => {
  const run = { error: { code, message }, exitCode: 1 };
  expect(failureMessage(run)).toBe(told);
});
