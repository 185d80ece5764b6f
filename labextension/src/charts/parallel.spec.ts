import { brushed, crossings, goodness, parallelAxes } from './parallel';

const rows = [
  { id: 'a', values: { lr: 0.001, optimizer: 'adam', loss: 3 } },
  { id: 'b', values: { lr: 0.01, optimizer: 'sgd', loss: 1 } },
  { id: 'c', values: { lr: 0.1, optimizer: 'adam', loss: null } }
];
const columns = ['lr', 'optimizer', 'loss'].map(name => ({
  name,
  label: name
}));
const axes = parallelAxes(columns, rows);

test('axes are made for what the columns hold', () => {
  expect(axes.map(({ axis }) => axis.kind)).toEqual([
    'log',
    'category',
    'linear'
  ]);
});

test('a line has a gap where a row has no value', () => {
  const [lr, optimizer, loss] = crossings(axes, rows[2]);
  expect(lr).toBeGreaterThan(0.9);
  expect(optimizer).toBeCloseTo(0.25);
  expect(loss).toBeNull();
});

describe('brushed', () => {
  it('is null without brushes', () => {
    expect(brushed(axes, rows, new Map())).toBeNull();
  });

  it('keeps rows inside all brushes', () => {
    const found = brushed(
      axes,
      rows,
      new Map([
        ['optimizer', [0, 0.5]],
        ['lr', [0, 0.5]]
      ])
    );
    expect(found).toEqual(new Set(['a']));
  });

  it('leaves out rows without a value', () => {
    const found = brushed(axes, rows, new Map([['loss', [0, 1]]]));
    expect(found).toEqual(new Set(['a', 'b']));
  });
});

test('goodness ranks values by the goal', () => {
  expect(goodness([1, 3, 2, null, NaN], 'minimize')).toEqual([
    1,
    0,
    0.5,
    null,
    null
  ]);
  expect(goodness([1, 3, 2], 'maximize')).toEqual([0, 1, 0.5]);
  expect(goodness([7], 'minimize')).toEqual([1]);
});
