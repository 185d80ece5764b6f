/** Several processes of a run that is run again: only what a person has changed is. No DOM. */
import type { RunDefinition } from '../types';
import { knownAs } from './frameworklist';
import { SEVERAL } from './frameworks';
import type { JsonObject } from './patch';
import type { FieldId, ISubmitState } from './state';

/** The members of a configuration that `frameworkSection` makes. */
const NAMES = ['framework', 'communicator', 'nodeCount'] as const;
const COUNTS = ['mpi', 'pyTorch', 'tensorflow'] as const;

/** Whether a person has changed any of these fields. */
export function isSeveralChanged(
  before: ISubmitState,
  state: ISubmitState
): boolean {
  return SEVERAL.some(field => before[field].trim() !== state[field].trim());
}

/** Whether it is one of these fields. */
export function isOfSeveral(field: FieldId): boolean {
  return (SEVERAL as readonly string[]).includes(field);
}

/**
 * Put what the run really says in the place of what the dialog makes of it.
 *
 * The dialog shows less than a definition can say: a cluster's servers, say, are only part of a
 * number. So nothing differs where nothing was changed; else what is compared is what the run has.
 *
 * @param old - what the dialog makes of the run.
 * @param now - what it makes of what it holds now.
 * @returns both, as they are to be compared.
 */
export function comparedSeverals(
  configuration: NonNullable<RunDefinition['configuration']>,
  old: JsonObject,
  now: JsonObject,
  isChanged: boolean
): readonly [JsonObject, JsonObject] {
  const [before, after] = [{ ...old }, { ...now }];
  for (const name of [...NAMES, ...COUNTS]) {
    delete before[name];
    if (!isChanged) {
      delete after[name];
    }
  }
  if (!isChanged) {
    return [before, after];
  }
  for (const name of NAMES) {
    if (name in old || name in now) {
      const said = configuration[name];
      before[name] =
        name === 'framework' && said ? knownAs(String(said)) : said;
    }
  }
  for (const name of COUNTS) {
    const shown = [old[name], now[name]].flatMap(each =>
      Object.keys(each ?? {})
    );
    if (shown.length > 0) {
      const said = (configuration[name] ?? {}) as JsonObject;
      // What else is said there, such as `maxRestarts`, stays.
      before[name] = Object.fromEntries(shown.map(each => [each, said[each]]));
      after[name] = now[name] ?? {};
    }
  }
  return [before, after];
}
