import type { Point } from '../types';
import { isText, nearest, seriesOf, smooth, summaryOf } from './series';

const point = (
  value: Point['value'],
  step: number | null = null,
  time: number | null = null
): Point => ({ value, step, time });

describe('seriesOf', () => {
  it('numbers points without a step', () => {
    const series = seriesOf(
      [point(5), point(6), point(7, 10), point(8)],
      'step'
    );
    expect(series).toEqual({ x: [0, 1, 10, 11], y: [5, 6, 7, 8] });
  });

  it('keeps what is not finite and leaves texts out', () => {
    const values = ['NaN', 'Infinity', '-Infinity', 'best', 'worst', 2];
    const points = values.map((value, step) => point(value, step));
    expect(seriesOf(points, 'step')).toEqual({
      x: [0, 1, 2, 5],
      y: [NaN, Infinity, -Infinity, 2]
    });
    expect(isText(points)).toBe(false);
    expect(isText([point('best'), point('worst')])).toBe(true);
  });

  it('sorts steps that go back, and keeps the order of equal ones', () => {
    const points = [point(1, 3), point(2, 1), point(3, 3)];
    expect(seriesOf(points, 'step')).toEqual({ x: [1, 3, 3], y: [2, 1, 3] });
  });

  it('counts seconds from the first point', () => {
    const points = [point(1, 0, 100), point(2, 1, 100.5), point(3, 2, null)];
    expect(seriesOf(points, 'time').x).toEqual([0, 0.5, 0.5]);
  });
});

describe('summaryOf', () => {
  it('tells where the least and the greatest finite values are', () => {
    const summary = summaryOf({ x: [0, 1, 2, 3], y: [3, -1, Infinity, NaN] });
    expect(summary).toEqual({
      count: 4,
      notFinite: 2,
      last: NaN,
      min: { x: 1, y: -1 },
      max: { x: 0, y: 3 }
    });
  });

  it('has nothing to tell about no points', () => {
    expect(summaryOf({ x: [], y: [] }).last).toBeNull();
    expect(summaryOf({ x: [0], y: [NaN] }).min).toBeNull();
  });
});

describe('smooth', () => {
  it('has no bias towards zero', () => {
    expect(smooth([4, 4, 4], 0.9).map(y => y.toFixed(9))).toEqual([
      '4.000000000',
      '4.000000000',
      '4.000000000'
    ]);
  });

  it('weighs the past', () => {
    // 0.5 * 0 + 0.5 * 1 = 0.5, divided by 1 - 0.5^2
    expect(smooth([0, 1], 0.5)[1]).toBeCloseTo(0.5 / 0.75);
  });

  it('passes over what is not finite', () => {
    const [first, second, third] = smooth([2, NaN, 2], 0.6);
    expect([first, second, third]).toEqual([2, NaN, expect.closeTo(2)]);
  });

  it('is nothing without a weight', () => {
    const y = [1, 2];
    expect(smooth(y, 0)).toBe(y);
  });
});

test('nearest finds the point on either side', () => {
  expect([-1, 0.4, 0.6, 99].map(at => nearest([0, 1, 2], at))).toEqual([
    0, 0, 1, 2
  ]);
  expect(nearest([], 1)).toBe(-1);
});
