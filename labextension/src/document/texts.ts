/** What the head of a run's document says. No DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Run } from '../types';

/** The codes of failures for which `failureTitle` has words. */
export const TITLED: ReadonlySet<string> = new Set([
  'ExitCode',
  'MemoryLimit',
  'TimeLimit',
  'Signal',
  'TrialsFailed'
]);

/** Why a run failed, in a few words; where it has none, the code stands beside it. */
export function failureTitle(
  trans: TranslationBundle,
  { error, exitCode }: Pick<Run, 'error' | 'exitCode'>
): string {
  switch (error?.code) {
    case 'ExitCode':
      return typeof exitCode === 'number'
        ? trans.__('Failed with exit code %1', exitCode)
        : trans.__('Failed');
    case 'MemoryLimit':
      return trans.__('Out of memory');
    case 'TimeLimit':
      return trans.__('Time limit reached');
    case 'Signal':
      return trans.__('Ended by a signal');
    case 'TrialsFailed':
      return trans.__('Some trials failed');
    default:
      return trans.__('Failed');
  }
}

/** What there is to say of a failure below its title; nothing where the title says it all. */
export function failureMessage({
  error,
  exitCode
}: Pick<Run, 'error' | 'exitCode'>): string {
  const said = `exit code ${exitCode}`;
  if (!error || error.message === said) {
    return '';
  }
  return error.code === 'ExitCode' && error.message.endsWith(` (${said})`)
    ? error.message.slice(0, -` (${said})`.length)
    : error.message;
}

/** How far a run is: its own words, and the numbers where the words do not have them. */
export function progressText(
  done: number,
  total: unknown,
  label: unknown
): string {
  const known = typeof total === 'number';
  const numbers = known ? `${done} / ${total}` : String(done);
  if (typeof label !== 'string' || label === '') {
    return numbers;
  }
  const said: readonly string[] = label.match(/\d+(\.\d+)?/g) ?? [];
  const isSaid = (known ? [done, total] : [done]).every(number =>
    said.includes(String(number))
  );
  return isSaid ? label : `${label} · ${numbers}`;
}
