import type { Run } from '../types';
import { argumentFields, bestOf, fieldsOf, isLessBetter } from './differences';

const run = (configuration: object, more: object = {}): Run =>
  ({
    runId: 'r',
    target: 'local',
    tags: {},
    attempt: 1,
    definition: { configuration },
    ...more
  }) as unknown as Run;

const table = (...runs: (Run | undefined)[]) =>
  Object.fromEntries(
    fieldsOf(runs)
      .filter(row => row.differs)
      .map(row => [`${row.section}: ${row.name}`, row.values])
  );

describe('fieldsOf', () => {
  it('tells what differs, field by field', () => {
    const first = run({ parameters: { lr: 0.1, name: '<b>' }, nodeCount: 1 });
    const second = run({ parameters: { lr: 0.2, name: '<b>' }, nodeCount: 2 });
    expect(table(first, second)).toEqual({
      'parameters: lr': ['0.1', '0.2'],
      'definition: nodeCount': ['1', '2']
    });
  });

  it('shows what one of them lacks', () => {
    const first = run({ parameters: { lr: 0.1 } });
    expect(table(first, run({}))).toEqual({ 'parameters: lr': ['0.1', null] });
  });

  it('takes the values of templates for parameters', () => {
    const template = { name: 't', version: 1, parameters: { x: 1 } };
    const other = { ...template, version: 2, parameters: { x: 2 } };
    expect(table(run({}, { template }), run({}, { template: other }))).toEqual({
      'parameters: x': ['1', '2'],
      'run: template': ['t 1', 't 2']
    });
  });

  it('reads environments package by package, variable by variable', () => {
    const environment = (numpy: string, mode: string) => ({
      environment: {
        environmentVariables: { MODE: mode },
        python: {
          interpreterPath: null,
          condaDependencies: {
            dependencies: ['python=3.11', { pip: [`numpy==${numpy}`, 'six'] }]
          }
        }
      }
    });
    const runs = [run(environment('1', 'a')), run(environment('2', 'b'))];
    expect(table(...runs)).toEqual({
      'environment: pip numpy': ['==1', '==2'],
      'environment: $MODE': ['a', 'b']
    });
  });

  it('does not count a run that is not there', () => {
    expect(table(run({ nodeCount: 1 }), undefined)).toEqual({});
  });
});

test('argumentFields reads options by name', () => {
  const given = [
    '--lr',
    '0.1',
    '--mode=fast',
    '-v',
    '--shift',
    '-3',
    'data',
    '-v'
  ];
  expect(Object.fromEntries(argumentFields(given))).toEqual({
    '--lr': '0.1',
    '--mode': 'fast',
    '-v': '✓, ✓',
    '--shift': '-3',
    '#1': 'data'
  });
});

test('isLessBetter goes by the name', () => {
  const less = ['val/loss', 'RMSE', 'error_rate'].map(isLessBetter);
  const more = ['accuracy', 'f1', 'auc'].map(isLessBetter);
  expect([...less, ...more]).toEqual([true, true, true, false, false, false]);
});

describe('bestOf', () => {
  it('marks all that are best', () => {
    expect(bestOf([1, 2, 1, undefined, NaN], true)).toEqual(new Set([0, 2]));
    expect(bestOf([1, 2, 1], false)).toEqual(new Set([1]));
  });

  it('marks nothing where there is nothing to choose', () => {
    expect(bestOf([1, 1], true).size).toBe(0);
    expect(bestOf([1, undefined], true).size).toBe(0);
  });
});
