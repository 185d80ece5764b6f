/** What was given the last time, by file. Secrets are never kept. */
import type { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';

import type { FormValues } from '../model/schema';
import { isSame } from './patch';
import type { ISubject, ISubmitState } from './state';

const PREFIX = 'jupyter-exec:submit:';

/** What is kept: neither the name of a run, which belongs to one, nor any secret's value. */
type Remembered = Partial<Omit<ISubmitState, 'secrets' | 'name'>> & {
  readonly secretNames?: readonly string[];
};

function keyOf(subject: ISubject): string {
  return `${PREFIX}${subject.kind}:${subject.path}`;
}

/** Keep what differs from the state that the dialog would begin with. */
export async function remember(
  database: IStateDB,
  subject: ISubject,
  initial: ISubmitState,
  state: ISubmitState
): Promise<void> {
  const names = Object.keys(state) as (keyof ISubmitState)[];
  const changed = names.filter(
    name =>
      name !== 'secrets' &&
      name !== 'name' &&
      name !== 'values' &&
      !isSame(initial[name], state[name])
  );
  const kept: Remembered = {
    ...Object.fromEntries(changed.map(name => [name, state[name]])),
    values: changedValues(initial.values, state.values),
    secretNames: state.secrets.map(secret => secret.name)
  };
  await database.save(keyOf(subject), kept as ReadonlyPartialJSONValue);
}

/** Only what was changed, so that a default that changes in the notebook is seen. */
function changedValues(initial: FormValues, values: FormValues): FormValues {
  return Object.fromEntries(
    Object.entries(values).filter(
      ([name, value]) => !isSame(initial[name], value)
    )
  );
}

/** The state that a dialog begins with: what is remembered, on top of `initial`. */
export async function recall(
  database: IStateDB,
  subject: ISubject,
  initial: ISubmitState
): Promise<ISubmitState> {
  const found = (await database.fetch(keyOf(subject))) as
    Remembered | undefined;
  if (found === undefined || found === null) {
    return initial;
  }
  const { secretNames = [], values = {}, ...rest } = found;
  const declared = Object.entries(values).filter(
    ([name]) => name in subject.schema.properties
  );
  return {
    ...initial,
    ...rest,
    values: { ...initial.values, ...Object.fromEntries(declared) },
    secrets: secretNames.map(name => ({ name, value: '' }))
  };
}
