/** What a run or a sweep of a template is told besides its parameters. */
import { numberOf } from './sweepspace';
import type { IFault } from './templatefields';

/** What a run is told besides its parameters; all of it as it is typed. */
export interface IRunSettings {
  readonly displayName: string;
  readonly experiment: string;
  readonly tags: string;
  readonly sampling: '' | 'grid' | 'random';
  readonly trials: string;
  readonly maxParallel: string;
  readonly metric: string;
  readonly goal: 'minimize' | 'maximize';
  readonly earlyStopping: 'none' | 'median';
  readonly seed: string;
}

/** Nothing typed yet. */
export const SETTINGS: IRunSettings = {
  displayName: '',
  experiment: '',
  tags: '',
  sampling: '',
  trials: '',
  maxParallel: '',
  metric: '',
  goal: 'minimize',
  earlyStopping: 'none',
  seed: ''
};
const SWEEP_ONLY: readonly (keyof IRunSettings)[] = [
  'sampling',
  'trials',
  'maxParallel',
  'metric',
  'goal',
  'earlyStopping',
  'seed'
];
const COUNTS: readonly (keyof IRunSettings)[] = ['trials', 'maxParallel'];

/** What is wrong with a setting; null where nothing is. */
export function settingFault(
  settings: IRunSettings,
  name: keyof IRunSettings,
  isSweep: boolean
): IFault | null {
  const text = settings[name].trim();
  if (!isSweep && SWEEP_ONLY.includes(name)) {
    return null;
  }
  if (name === 'metric' && settings.earlyStopping !== 'none') {
    return text === '' ? { kind: 'required', detail: '' } : null;
  }
  if (text === '' || !(COUNTS.includes(name) || name === 'seed')) {
    return null;
  }
  if (!Number.isInteger(numberOf(text) ?? NaN)) {
    return { kind: 'notInteger', detail: text };
  }
  return COUNTS.includes(name) && Number(text) < 1
    ? { kind: 'minimum', detail: '1' }
    : null;
}

/** Tags as they are typed: `owner=me, nightly`. */
export function tagsOf(text: string): Record<string, string> {
  const pairs = text
    .split(',')
    .map(word => word.trim())
    .filter(word => word !== '')
    .map(word => {
      const [name, ...value] = word.split('=');
      return [name.trim(), value.join('=').trim()];
    });
  return Object.fromEntries(pairs) as Record<string, string>;
}
