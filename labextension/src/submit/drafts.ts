/** What was typed into a dialog that somebody then cancelled: kept until the page is left. */
import { isSame } from './patch';
import type { ISubject, ISubmitState } from './state';

/** Only what differs from the state that the dialog began with. */
type Draft = Partial<ISubmitState>;

/** The drafts of all things that can be submitted; in memory only, and without secrets' values. */
export class SubmitDrafts {
  /** Keep what was changed; nothing is kept where nothing was. */
  keep(subject: ISubject, begun: ISubmitState, state: ISubmitState): void {
    const names = Object.keys(state) as (keyof ISubmitState)[];
    const bare = withoutSecrets(state);
    const changed = names.filter(
      name => !isSame(withoutSecrets(begun)[name], bare[name])
    );
    if (changed.length === 0) {
      this.drop(subject);
      return;
    }
    this._drafts.set(
      keyOf(subject),
      Object.fromEntries(
        changed.map(name => [
          name,
          name === 'values' ? changedValues(begun, state) : bare[name]
        ])
      )
    );
  }

  /** The state with what was typed last time; the same state where there is no draft. */
  restore(subject: ISubject, state: ISubmitState): ISubmitState {
    const draft = this._drafts.get(keyOf(subject));
    if (draft === undefined) {
      return state;
    }
    // The notebook may have changed since.
    const declared = Object.entries(draft.values ?? {}).filter(
      ([name]) => name in subject.schema.properties
    );
    return {
      ...state,
      ...draft,
      values: { ...state.values, ...Object.fromEntries(declared) }
    };
  }

  /** Forget what was typed. */
  drop(subject: ISubject): void {
    this._drafts.delete(keyOf(subject));
  }

  private readonly _drafts = new Map<string, Draft>();
}

function keyOf(subject: ISubject): string {
  return `${subject.kind}:${subject.path}`;
}

function withoutSecrets(state: ISubmitState): ISubmitState {
  const secrets = state.secrets.map(({ name }) => ({ name, value: '' }));
  return { ...state, secrets };
}

function changedValues(
  begun: ISubmitState,
  state: ISubmitState
): ISubmitState['values'] {
  const names = new Set([
    ...Object.keys(begun.values),
    ...Object.keys(state.values)
  ]);
  return Object.fromEntries(
    [...names]
      .filter(name => !isSame(begun.values[name], state.values[name]))
      .map(name => [name, state.values[name]])
  );
}
