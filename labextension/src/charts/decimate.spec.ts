import { align, decimate, marksOf, positive } from './decimate';
import type { ISeries } from './series';

const long: ISeries = {
  x: Array.from({ length: 100_000 }, (_, i) => i),
  y: Array.from({ length: 100_000 }, (_, i) => (i === 54_321 ? 1e6 : i % 10))
};

describe('decimate', () => {
  it('leaves what fits', () => {
    const series = { x: [0, 1, 2], y: [1, 2, 3] };
    const window = { min: 0, max: 2, columns: 100 };
    expect(decimate(series, window)).toEqual(series);
  });

  it('keeps the least and the greatest of each column', () => {
    const found = decimate(long, { min: 0, max: 99_999, columns: 500 });
    expect(found.x.length).toBeLessThanOrEqual(1004);
    expect(found.y).toContain(1e6);
    expect(Math.min(...found.y)).toBe(0);
    expect([...found.x].sort((a, b) => a - b)).toEqual(found.x);
  });

  it('shows every point of a small part, and one beyond each end', () => {
    const window = { min: 1000, max: 1010, columns: 500 };
    const { x } = decimate(long, window);
    expect([x[0], x[x.length - 1]]).toEqual([999, 1011]);
    expect(x).toHaveLength(13);
  });

  it('leaves a gap for a column without numbers', () => {
    const y = long.x.map(x => (x >= 50_000 && x < 60_000 ? NaN : 1));
    const window = { min: 0, max: 99_999, columns: 100 };
    const found = decimate({ x: long.x, y }, window);
    expect(found.y.filter(Number.isNaN)).toHaveLength(10);
  });

  it('has columns of equal width on a logarithmic axis', () => {
    const x = long.x.slice(1);
    const y = long.y.slice(1);
    const window = { min: 1, max: 99_999, columns: 500, log: true };
    const found = decimate({ x, y }, window);
    expect(found.x.filter(at => at < 10)).toHaveLength(9);
    expect(found.y).toContain(1e6);
  });
});

describe('align', () => {
  it('tells a gap from a point that another line has', () => {
    const lines = [
      { x: [0, 1, 1], y: [1, NaN, 2] },
      { x: [1, 2], y: [5, 6] }
    ];
    expect(align(lines)).toEqual([
      [0, 1, 1, 2],
      [1, null, 2, undefined],
      [undefined, 5, undefined, 6]
    ]);
  });

  it('is empty without points', () => {
    expect(align([{ x: [], y: [] }])).toEqual([[], []]);
  });
});

test('marksOf has one mark a column and kind', () => {
  const series = { x: [0, 1, 2, 3], y: [NaN, NaN, Infinity, -Infinity] };
  const kinds = (columns: number) =>
    marksOf(series, { min: 0, max: 3, columns }).map(mark => mark.kind);
  expect(kinds(100)).toEqual(['nan', 'nan', 'high', 'low']);
  expect(kinds(1)).toEqual(['nan', 'high', 'low']);
});

test('positive leaves out what a logarithmic axis cannot show', () => {
  const series = { x: [0, 1, 2], y: [1, 0, NaN] };
  expect(positive(series, false, false).dropped).toBe(0);
  expect(positive(series, false, true)).toEqual({
    series: { x: [0, 2], y: [1, NaN] },
    dropped: 1
  });
  expect(positive(series, true, false).series.x).toEqual([1, 2]);
});
