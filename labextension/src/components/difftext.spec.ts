import { parseUnifiedDiff } from './difftext';

describe('parseUnifiedDiff', () => {
  it('has no file for an empty diff or for a text that is none', () => {
    expect(parseUnifiedDiff('')).toEqual([]);
    expect(parseUnifiedDiff('hello\nworld\n')).toEqual([]);
  });

  it('counts lines, and numbers them on both sides', () => {
    const [file] = parseUnifiedDiff(
      '--- a/x.py\n+++ b/x.py\n@@ -3,3 +3,4 @@ def f():\n a\n-b\n+c\n+d\n e\n'
    );
    expect(file).toMatchObject({
      path: 'x.py',
      oldPath: null,
      change: 'changed',
      added: 2,
      removed: 1
    });
    expect(file.hunks[0].header).toBe('@@ -3,3 +3,4 @@ def f():');
    expect(
      file.hunks[0].lines.map(({ kind, text, before, after }) =>
        [kind, text, before, after].join(' ')
      )
    ).toEqual([
      'context a 3 3',
      'removed b 4 ',
      'added c  4',
      'added d  5',
      'context e 5 6'
    ]);
  });

  it('takes changed lines that look like headers for lines', () => {
    const [file, ...more] = parseUnifiedDiff(
      '--- x.sql\n+++ x.sql\n@@ -1,2 +1,2 @@\n--- comment\n-@@ -1 +1 @@\n+++ plus\n+diff --git a/x b/x\n'
    );
    expect(more).toEqual([]);
    expect(file.hunks[0].lines.map(line => line.text)).toEqual([
      '-- comment',
      '@@ -1 +1 @@',
      '++ plus',
      'diff --git a/x b/x'
    ]);
  });

  it('reads new, deleted, renamed and binary files of git', () => {
    const files = parseUnifiedDiff(
      [
        'diff --git a/new.txt b/new.txt',
        'new file mode 100644',
        'index 0000000..ce01362',
        '--- /dev/null',
        '+++ b/new.txt',
        '@@ -0,0 +1 @@',
        '+hello',
        '\\ No newline at end of file',
        'diff --git a/old.txt b/old.txt',
        'deleted file mode 100644',
        '--- a/old.txt',
        '+++ /dev/null',
        '@@ -1 +0,0 @@',
        '-bye',
        'diff --git a/a b.txt b/c d.txt',
        'similarity index 100%',
        'rename from a b.txt',
        'rename to c d.txt',
        'diff --git a/x.png b/x.png',
        'index 1..2 100644',
        'Binary files a/x.png and b/x.png differ',
        'diff --git a/empty b/empty',
        'new file mode 100644'
      ].join('\n')
    );
    expect(
      files.map(({ path, oldPath, change }) => [path, oldPath, change])
    ).toEqual([
      ['new.txt', null, 'added'],
      ['old.txt', null, 'removed'],
      ['c d.txt', 'a b.txt', 'renamed'],
      ['x.png', null, 'changed'],
      ['empty', null, 'added']
    ]);
    expect(files[0].hunks[0].lines[1]).toEqual({
      kind: 'note',
      text: ' No newline at end of file',
      before: null,
      after: null
    });
    expect(files[3].note).toBe('Binary files a/x.png and b/x.png differ');
  });

  it('reads quoted names, names with spaces and times after names', () => {
    const text = (name: string) =>
      `--- ${name}\n+++ ${name}\n@@ -1 +1 @@\n-a\n+b\n`;
    expect(parseUnifiedDiff(text('"na\\303\\257ve \\"x\\".py"'))[0].path).toBe(
      'naïve "x".py'
    );
    expect(
      parseUnifiedDiff(text('my file.py\t2026-01-31 12:00:00'))[0].path
    ).toBe('my file.py');
  });

  it('keeps the lines of Windows and lines without their blank', () => {
    const [file] = parseUnifiedDiff(
      '--- x\r\n+++ x\r\n@@ -1,2 +1,2 @@\r\n-a\r\n+b\r\n\n'
    );
    expect(file.path).toBe('x');
    expect(file.hunks[0].lines.map(line => line.text)).toEqual(['a', 'b', '']);
  });

  it('reads 200,000 lines at once', () => {
    const lines = Array.from({ length: 200_000 }, (_, index) => `+${index}`);
    const [file] = parseUnifiedDiff(
      `--- x\n+++ x\n@@ -0,0 +1,200000 @@\n${lines.join('\n')}\n`
    );
    expect(file.added).toBe(200_000);
  });
});
