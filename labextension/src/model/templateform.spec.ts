import validator from '@rjsf/validator-ajv8';

import { RequestFailure } from '../server/errors';
import type { ErrorDetail, TemplateSchema } from '../types';
import { tagsOf } from './runsettings';
import { emptySpace } from './sweepspace';
import type { ISchemaFault } from './templatefields';
import { TemplateFormModel } from './templateform';

const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'train',
  description: null,
  type: 'object',
  properties: {
    data: { type: 'string', pattern: '^[a-z]+$' },
    'spec.Worker.replicas': { type: 'integer', default: 0, minimum: 0 },
    lr: { type: 'number', default: 0.1, maximum: 1, 'x-group': 'Training' },
    note: { type: 'string', default: '' },
    loud: { type: 'boolean', default: false },
    maybe: { type: 'boolean' },
    pick: { type: 'string', enum: ['a', 'b'], default: 'b' },
    layers: { type: 'array', default: [64, 128] },
    token: { type: 'string', format: 'password', writeOnly: true },
    odd: { type: 'string', pattern: '(?P<x>a)\\Z' }
  },
  required: ['data'],
  additionalProperties: false
} as unknown as TemplateSchema;

function validate(schema: object, data: unknown): ISchemaFault[] {
  return validator.rawValidation<ISchemaFault>(schema, data).errors ?? [];
}

function make(params: Record<string, unknown> = {}) {
  const form = new TemplateFormModel(SCHEMA, validate, params);
  const keys = Object.fromEntries(
    form.fields.map(field => [field.name, field.key])
  );
  const set = (name: string, entry: string | boolean) =>
    form.setEntries({ ...form.entries, [keys[name]]: entry });
  return { form, keys, set };
}

function refused(...faults: [string, string][]): RequestFailure {
  const details = faults.map(
    ([target, message]) => ({ code: 'X', target, message }) as ErrorDetail
  );
  return new RequestFailure('refused', 'no', details, 400);
}

describe('TemplateFormModel', () => {
  it('shows defaults that are false, 0 and empty, groups last', () => {
    const { form, keys } = make();
    expect(form.entries[keys['loud']]).toBe(false);
    expect(form.entries[keys['spec.Worker.replicas']]).toBe('0');
    expect(form.entries[keys['note']]).toBe('');
    expect(form.entries[keys['maybe']]).toBe('');
    expect(form.entries[keys['pick']]).toBe('1');
    expect(form.entries[keys['layers']]).toBe('[64, 128]');
    expect(form.fields.at(-1)?.name).toBe('lr');
  });

  it('sends what was changed, as it was typed, and false, 0 and empty', () => {
    const { form, set } = make({ loud: true, note: 'x', lr: 0.5 });
    set('data', 'digits');
    set('lr', '1e-5');
    set('note', '');
    set('maybe', '1');
    expect(form.runRequest()).toEqual({
      params: { data: 'digits', lr: '1e-5', loud: true, maybe: false }
    });
    const other = make({ note: 'x' });
    expect(other.form.runRequest().params).toEqual({ note: 'x' });
  });

  it.each([
    ['data', '', 'required'],
    ['data', 'Digits', 'pattern'],
    ['lr', 'fast', 'notNumber'],
    ['lr', '2', 'maximum'],
    ['spec.Worker.replicas', '1.5', 'notInteger'],
    ['spec.Worker.replicas', '-1', 'minimum'],
    ['layers', '[1,', 'notList']
  ])('finds what is wrong: %s = "%s"', (name, entry, kind) => {
    const { form, keys, set } = make();
    set(name, entry);
    expect(form.faultAt(keys[name])).toMatchObject({ kind });
    expect(form.shownFault(keys[name])).toBeNull();
    form.touch(keys[name]);
    expect(form.shownFault(keys[name])).toMatchObject({ kind });
  });

  it('leaves patterns that only Python knows to the server', () => {
    const { form, keys, set } = make();
    set('odd', '123');
    expect(form.faultAt(keys['odd'])).toBeNull();
  });

  it('puts the faults of the server beside their fields until they change', () => {
    const { form, keys, set } = make();
    form.refuse(
      refused(
        ['params.spec.Worker.replicas', 'spec.Worker.replicas: too many'],
        ['space.lr.choice[2]', 'lr: 5 is above the maximum'],
        ['displayName', 'too long'],
        ['run.source.path', 'not there']
      )
    );
    const told = (detail: string) => ({ kind: 'told', detail });
    expect(form.shownFault(keys['spec.Worker.replicas'])).toEqual(
      told('too many')
    );
    expect(form.shownFault(keys['lr'])).toEqual(told('5 is above the maximum'));
    expect(form.shownFault('displayName')).toEqual(told('too long'));
    expect(form.others.map(fault => fault.target)).toEqual(['run.source.path']);
    set('lr', '0.5');
    expect(form.shownFault(keys['lr'])).toBeNull();
  });

  it('keeps apart why nothing was filled in wrongly and it was not taken', () => {
    const { form } = make();
    const failure = new RequestFailure(
      'unauthorized',
      'send a token',
      [{ code: 'UserError', message: 'send a token' }],
      401
    );
    form.refuse(failure);
    expect(form.failure).toBe(failure);
    expect(form.others).toEqual([]);
    form.refuse(refused(['run.source.path', 'not there']));
    expect(form.failure).toBeNull();
    expect(form.others).toHaveLength(1);
  });

  it('forgets secrets once they are sent, and never takes them from params', () => {
    const { form, keys, set } = make({ token: 'hunter2' });
    expect(form.entries[keys['token']]).toBe('');
    set('token', 'hunter2');
    expect(form.runRequest().params).toEqual({ token: 'hunter2' });
    form.accepted();
    expect(JSON.stringify(form.entries)).not.toContain('hunter2');
  });

  it('makes a sweep', () => {
    const { form, keys, set } = make();
    set('data', 'digits');
    form.setSweep(true);
    form.setSpace(keys['lr'], { ...emptySpace('choice'), text: '0.1, 0.2' });
    expect(form.trials).toBe(2);
    form.setSettings({ metric: 'loss', goal: 'maximize', maxParallel: '2' });
    expect(form.sweepRequest()).toEqual({
      params: { data: 'digits' },
      space: { lr: { choice: [0.1, 0.2] } },
      sampling: 'grid',
      maxParallel: 2,
      metric: 'loss',
      goal: 'maximize'
    });
    form.setWay(keys['lr'], 'uniform');
    expect(form.trials).toBeNull();
    expect(form.faulty).toEqual([keys['lr']]);
    form.setSettings({ maxParallel: '0', earlyStopping: 'median', metric: '' });
    expect(form.faulty).toEqual([keys['lr'], 'maxParallel', 'metric']);
  });
});

it('reads tags', () => {
  expect(tagsOf('owner=me, nightly, a=b=c,')).toEqual({
    owner: 'me',
    nightly: '',
    a: 'b=c'
  });
});
