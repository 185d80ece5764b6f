import { isFolder, lookUp, rowsOf, treeOf } from './filelist';

const file = (
  path: string,
  sizeBytes = 1,
  modifiedAt: string | null = null
) => ({
  path,
  sizeBytes,
  modifiedAt
});

describe('treeOf', () => {
  const root = treeOf([
    file('b.txt', 5, '2026-01-02T00:00:00Z'),
    file('run-10/x', 2, '2026-01-03T00:00:00Z'),
    file('run-2/deep/er/y', 3, '2026-01-01T00:00:00Z'),
    file('run-2/z', 4)
  ]);

  it('makes folders, sorted as people count, with their sums', () => {
    expect(root.folders.map(each => each.name)).toEqual(['run-2', 'run-10']);
    expect(root.folders[0]).toMatchObject({
      path: 'run-2',
      count: 2,
      sizeBytes: 7,
      modifiedAt: '2026-01-01T00:00:00Z'
    });
    expect(root).toMatchObject({
      count: 4,
      sizeBytes: 14,
      modifiedAt: '2026-01-03T00:00:00Z'
    });
  });

  it('finds folders and files, and tells what is not there', () => {
    expect(isFolder(lookUp(root, 'run-2/deep')!)).toBe(true);
    expect(lookUp(root, '')).toBe(root);
    expect(lookUp(root, 'run-2/deep/er/y')).toMatchObject({ sizeBytes: 3 });
    expect(lookUp(root, 'run-2/nothing')).toBeUndefined();
    expect(lookUp(root, 'b.txt/x')).toBeUndefined();
    expect(lookUp(root, 'constructor')).toBeUndefined();
  });

  it('lists the rows of open folders only', () => {
    const rows = rowsOf(root, ({ path }) => path === 'run-2');
    expect(rows.map(({ path, level }) => `${level} ${path}`)).toEqual([
      '1 run-2',
      '2 run-2/deep',
      '2 run-2/z',
      '1 run-10',
      '1 b.txt'
    ]);
  });

  it('takes names as they are', () => {
    const odd = ['<img src=x>.txt', '__proto__/x', 'a b/ü.txt', '%2e%2e/x'];
    expect(treeOf(odd.map(path => file(path))).count).toBe(4);
  });

  it('makes a tree of 100,000 files at once', () => {
    const files = Array.from({ length: 100_000 }, (_, index) =>
      file(`folder ${index % 100}/file ${index}`)
    );
    const start = performance.now();
    expect(rowsOf(treeOf(files), () => true)).toHaveLength(100_100);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
