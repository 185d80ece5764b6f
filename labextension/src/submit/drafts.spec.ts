import { SubmitDrafts } from './drafts';
import type { ISubject, ISubmitState } from './state';

const subject = {
  kind: 'notebook',
  path: 'a/train.ipynb',
  schema: { properties: { lr: { type: 'number' }, n: { type: 'integer' } } }
} as unknown as ISubject;
const begun = {
  name: 'train',
  memory: '',
  values: { lr: 0.1, n: 3 },
  secrets: []
} as unknown as ISubmitState;

describe('SubmitDrafts', () => {
  it('restores what was changed, over defaults that have changed since', () => {
    const drafts = new SubmitDrafts();
    const state = { ...begun, memory: '2G', values: { lr: '0.', n: 3 } };
    drafts.keep(subject, begun, state);
    const later = { ...begun, name: 'other', values: { lr: 0.1, n: 4 } };
    expect(drafts.restore(subject, later)).toEqual({
      ...later,
      memory: '2G',
      values: { lr: '0.', n: 4 }
    });
    const elsewhere = { ...subject, path: 'b/train.ipynb' };
    expect(drafts.restore(elsewhere, later)).toBe(later);
    drafts.drop(subject);
    expect(drafts.restore(subject, later)).toBe(later);
  });

  it('keeps nothing where nothing was changed, and never a secret', () => {
    const drafts = new SubmitDrafts();
    drafts.keep(subject, begun, { ...begun });
    expect(drafts.restore(subject, begun)).toBe(begun);
    const secrets = [{ name: 'TOKEN', value: 's3cret' }];
    drafts.keep(subject, begun, { ...begun, secrets });
    expect(drafts.restore(subject, begun).secrets).toEqual([
      { name: 'TOKEN', value: '' }
    ]);
  });

  it('forgets a parameter that is no longer declared', () => {
    const drafts = new SubmitDrafts();
    drafts.keep(subject, begun, { ...begun, values: { lr: 0.1, n: 9 } });
    const smaller = { ...subject, schema: { properties: {} } };
    const state = { ...begun, values: {} };
    expect(drafts.restore(smaller, state).values).toEqual({});
  });
});
