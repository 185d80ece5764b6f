import { axisOf, spreads, steps, textOf, tickTexts } from './axis';
import { toCsv } from './csv';
import { lookOf } from './palette';
import { readSettings } from './settings';

describe('axisOf', () => {
  it('puts numbers on a scale with round ticks', () => {
    const axis = axisOf([0, 10, null]);
    expect(axis.kind).toBe('linear');
    expect(axis.ticks.map(tick => tick.label)).toEqual([
      '0',
      '2',
      '4',
      '6',
      '8',
      '10'
    ]);
    expect(axis.position(5)).toBeCloseTo(0.5);
    expect(axis.position(NaN)).toBeNull();
    expect(axis.position(null)).toBeNull();
  });

  it('has a middle for a single value', () => {
    const axis = axisOf([3, 3]);
    expect(axis.position(3)).toBeCloseTo(0.5);
    expect(axis.ticks.map(tick => tick.label)).toEqual(['3']);
  });

  it('marks only whole numbers where all values are', () => {
    const labels = (values: number[]) =>
      axisOf(values).ticks.map(tick => tick.label);
    expect(labels([1, 2, 3])).toEqual(['1', '2', '3']);
    expect(labels([1, 2])).toEqual(['1', '2']);
    expect(labels([1, 2.5])).toContain('1.5');
  });

  it('has powers of ten on a logarithmic axis', () => {
    const axis = axisOf([1e-4, 1e-1], true);
    expect(axis.kind).toBe('log');
    expect(axis.ticks.map(tick => tick.label)).toEqual([
      '0.0001',
      '0.001',
      '0.01',
      '0.1'
    ]);
    expect(axisOf([0, 1], true).kind).toBe('linear');
  });

  it('gives each text and truth value a place of its own', () => {
    const axis = axisOf(['adam', 'sgd', 'adam', 3]);
    expect(axis.kind).toBe('category');
    expect(axis.ticks.map(tick => tick.label)).toEqual(['adam', 'sgd', '3']);
    expect(axis.position('sgd')).toBeCloseTo(0.5);
    expect(axisOf([true, false]).ticks[0].label).toBe('false');
  });
});

test('steps are round', () => {
  expect(steps(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(steps(-3, 3, 5)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
});

test('tickTexts tells ticks apart', () => {
  expect(tickTexts([1234560, 1234565, null])).toEqual([
    '1234560',
    '1234565',
    ''
  ]);
  expect(tickTexts([0.1 + 0.2, 0.4])).toEqual(['0.3', '0.4']);
  expect(tickTexts([1e-7, 2e-7])).toEqual(['1e-7', '2e-7']);
});

test('spreads asks for two orders of magnitude', () => {
  expect(spreads([1e-4, 1e-3, 1e-2])).toBe(true);
  expect(spreads([1, 2, 3])).toBe(false);
  expect(spreads([0, 1, 1000])).toBe(false);
});

test('textOf shows values as they are', () => {
  expect([1 / 3, 'a<b>', true, [1], null, undefined].map(textOf)).toEqual([
    '0.33333',
    'a<b>',
    'true',
    '[1]',
    'null',
    ''
  ]);
});

test('toCsv quotes, and lets no text be a formula', () => {
  const rows = [
    [1, 'a,b'],
    [-2.5, 'say "hi"'],
    [null, '=1+1']
  ];
  expect(toCsv(['n', 'text'], rows)).toBe(
    'n,text\r\n1,"a,b"\r\n-2.5,"say ""hi"""\r\n,\'=1+1\r\n'
  );
});

test('forty lines look different', () => {
  const looks = Array.from({ length: 40 }, (_, i) => lookOf(i));
  const keys = looks.map(({ color, dash }) => JSON.stringify([color, dash]));
  expect(new Set(keys).size).toBe(40);
});

test('readSettings takes nothing that makes no sense', () => {
  expect(readSettings('{"smoothing": 7, "xKind": "moon"}')).toEqual(
    readSettings(null)
  );
  expect(readSettings('not JSON')).toEqual(readSettings(null));
  expect(readSettings('{"smoothing": 0.5, "logY": true}')).toEqual({
    xKind: 'step',
    logX: false,
    logY: true,
    smoothing: 0.5
  });
});
