import {
  emptySpace,
  ISpaceInput,
  parseSpace,
  SpaceWay,
  trialCount
} from './sweepspace';

function typed(way: SpaceWay, ...bounds: string[]): ISpaceInput {
  const [first = '', second = '', third = ''] = bounds;
  return { ...emptySpace(way), text: first, bounds: [first, second, third] };
}

describe('parseSpace', () => {
  it.each([
    ['0.1, 0.01 ,1e-3', 'number', [0.1, 0.01, 0.001]],
    ['[1, 2]', 'integer', [1, 2]],
    ['adam, sgd', 'string', ['adam', 'sgd']],
    ['["a, b", "c"]', 'string', ['a, b', 'c']],
    ['[[1, 2], [3]]', 'array', [[1, 2], [3]]],
    ['[1, 2], [3]', 'array', [[1, 2], [3]]]
  ])('reads the list %s of type %s', (text, kind, choice) => {
    const parsed = parseSpace(typed('choice', text), kind, false);
    expect(parsed).toEqual({ space: { choice }, problem: null });
  });

  it.each([
    [typed('choice', ''), 'number', 'empty'],
    [typed('choice', '1, two'), 'number', 'notNumber'],
    [typed('choice', '[1'), 'string', 'notList'],
    [typed('choice', '1, 2'), 'array', 'notList'],
    [typed('range', '1'), 'number', 'empty'],
    [typed('range', '5', '1'), 'integer', 'emptyRange'],
    [typed('range', '1', '5', '0'), 'integer', 'emptyRange'],
    [typed('uniform', '2', '1'), 'number', 'order'],
    [typed('loguniform', '0', '1'), 'number', 'positive'],
    [typed('uniform', 'x', '1'), 'number', 'notNumber']
  ])('says what is wrong with %j', (input, kind, problem) => {
    expect(parseSpace(input, kind, false)).toMatchObject({ problem });
  });

  it('takes what is ticked, false too', () => {
    const input = { ...emptySpace('choice'), picked: [false] };
    expect(parseSpace(input, 'boolean', true)).toEqual({
      space: { choice: [false] },
      problem: null
    });
  });
});

describe('trialCount', () => {
  it.each([
    [[0, 0.3, 0.1], 3],
    [[0, 1, 0.1], 10],
    [[1, 10, 2], 5],
    [[3, 0, -1], 3]
  ])('counts the range %j as the server does', (range, count) => {
    expect(trialCount([{ range }], 'grid', null)).toBe(count);
  });

  it('multiplies a grid, and cuts it where fewer are wanted', () => {
    const spaces = [{ choice: [1, 2, 3] }, { choice: ['a', 'b'] }];
    expect(trialCount(spaces, 'grid', null)).toBe(6);
    expect(trialCount(spaces, 'grid', 4)).toBe(4);
    expect(trialCount(spaces, 'random', null)).toBe(20);
    expect(trialCount([{ uniform: [0, 1] }], 'grid', 5)).toBeNull();
  });
});
