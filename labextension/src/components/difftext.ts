/** Reads unified diffs, as git, diff and Python's difflib write them. No DOM. */

export type DiffLineKind = 'context' | 'added' | 'removed' | 'note';

/** A line of a hunk; `note` is what the diff says about the line above it. */
export interface IDiffLine {
  readonly kind: DiffLineKind;
  readonly text: string;
  /** Its number in the old file, from 1; null where the old file lacks it. */
  readonly before: number | null;
  /** Its number in the new file. */
  readonly after: number | null;
}

/** A changed place, below its `@@` line. */
export interface IDiffHunk {
  readonly header: string;
  readonly lines: readonly IDiffLine[];
}

export type DiffChange = 'added' | 'removed' | 'changed' | 'renamed';

/** What differs in one file; no hunks where it is binary, or only its name or mode changed. */
export interface IFileDiff {
  readonly path: string;
  /** What it was called before, where that was something else. */
  readonly oldPath: string | null;
  readonly change: DiffChange;
  /** Why there are no lines to show, in the words of whoever made the diff. */
  readonly note: string | null;
  readonly hunks: readonly IDiffHunk[];
  readonly added: number;
  readonly removed: number;
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
const NULL = '/dev/null';

/** A file while its lines are being read. */
interface IDraft {
  before: string | null;
  after: string | null;
  git: boolean;
  change: DiffChange;
  notes: string[];
  hunks: IDiffHunk[];
  added: number;
  removed: number;
}

/** Split a unified diff into its files; an empty text has none. */
export function parseUnifiedDiff(text: string): IFileDiff[] {
  return new Parser(text).parse();
}

class Parser {
  constructor(text: string) {
    this._lines = text.split('\n');
    if (this._lines[this._lines.length - 1] === '') {
      this._lines.pop();
    }
  }

  parse(): IFileDiff[] {
    while (this._at < this._lines.length) {
      const line = this._lines[this._at].replace(/\r$/, '');
      const hunk = HUNK.exec(line);
      if (hunk) {
        this._at += 1;
        this._hunk(line, hunk);
      } else {
        this._header(line);
      }
    }
    return this._files.map(finish).filter(file => file !== null);
  }

  /** A line outside of any hunk. */
  private _header(line: string): void {
    const next = this._lines[this._at + 1] ?? '';
    this._at += 1;
    if (line.startsWith('diff --git ')) {
      this._begin(true);
      [this._file.before, this._file.after] = gitNames(line.slice(11));
    } else if (line.startsWith('--- ') && next.startsWith('+++ ')) {
      if (!this._file.git || this._file.hunks.length > 0) {
        this._begin(false);
      }
      this._file.before = nameOf(line.slice(4));
      this._file.after = nameOf(next.slice(4));
      this._at += 1;
    } else if (line.startsWith('new file mode')) {
      this._file.change = 'added';
    } else if (line.startsWith('deleted file mode')) {
      this._file.change = 'removed';
    } else if (/^(rename|copy) from /.test(line)) {
      this._file.change = 'renamed';
      this._file.before = nameOf(line.replace(/^\w+ from /, ''));
    } else if (/^(rename|copy) to /.test(line)) {
      this._file.after = nameOf(line.replace(/^\w+ to /, ''));
    } else if (/^(Binary files |GIT binary patch|Only in )/.test(line)) {
      this._file.notes.push(line);
      this._skipBinary(line);
    } else if (/^(old|new) mode /.test(line)) {
      this._file.notes.push(line);
    }
  }

  /** The data of a binary patch goes on until the next file. */
  private _skipBinary(line: string): void {
    if (line.startsWith('GIT binary patch')) {
      while (
        this._at < this._lines.length &&
        !this._lines[this._at].startsWith('diff --git ')
      ) {
        this._at += 1;
      }
    }
  }

  /** The lines of a hunk; its header says how many there are, whatever they look like. */
  private _hunk(header: string, found: RegExpExecArray): void {
    let before = Number(found[1]);
    let after = Number(found[3]);
    let oldLeft = Number(found[2] ?? 1);
    let newLeft = Number(found[4] ?? 1);
    const lines: IDiffLine[] = [];
    const file = this._file;
    for (; this._at < this._lines.length; this._at += 1) {
      const line = this._lines[this._at];
      const text = line.slice(1).replace(/\r$/, '');
      const sign = line[0] ?? ' ';
      if (sign === '\\') {
        lines.push({ kind: 'note', text, before: null, after: null });
      } else if (oldLeft <= 0 && newLeft <= 0) {
        break;
      } else if (sign === '+') {
        lines.push({ kind: 'added', text, before: null, after: after++ });
        file.added += 1;
        newLeft -= 1;
      } else if (sign === '-') {
        lines.push({ kind: 'removed', text, before: before++, after: null });
        file.removed += 1;
        oldLeft -= 1;
      } else if (sign === ' ' || sign === '\r') {
        lines.push({
          kind: 'context',
          text,
          before: before++,
          after: after++
        });
        oldLeft -= 1;
        newLeft -= 1;
      } else {
        break;
      }
    }
    file.hunks.push({ header, lines });
  }

  private _begin(git: boolean): void {
    this._files.push(draft(git));
  }

  private get _file(): IDraft {
    if (this._files.length === 0) {
      this._begin(false);
    }
    return this._files[this._files.length - 1];
  }

  private readonly _lines: string[];
  private readonly _files: IDraft[] = [];
  private _at = 0;
}

function draft(git: boolean): IDraft {
  return {
    before: null,
    after: null,
    git,
    change: 'changed',
    notes: [],
    hunks: [],
    added: 0,
    removed: 0
  };
}

/** Null where the draft is nothing but lines that are not of a diff. */
function finish(file: IDraft): IFileDiff | null {
  const { hunks, notes, added, removed } = file;
  if (hunks.length === 0 && notes.length === 0 && file.after === null) {
    return null;
  }
  // Git's prefixes; others write names as they are.
  const prefixed =
    (file.before === NULL || file.before?.startsWith('a/')) &&
    (file.after === NULL || file.after?.startsWith('b/'));
  const bare = (name: string | null) =>
    prefixed && name !== NULL ? (name?.slice(2) ?? null) : name;
  const before = bare(file.before);
  const after = bare(file.after);
  const change =
    before === NULL ? 'added' : after === NULL ? 'removed' : file.change;
  const path = after !== null && after !== NULL ? after : (before ?? '');
  const old = change === 'changed' || change === 'renamed' ? before : null;
  return {
    path,
    oldPath: old !== path ? old : null,
    change,
    note: hunks.length === 0 && notes.length > 0 ? notes.join('\n') : null,
    hunks,
    added,
    removed
  };
}

/** Both names of a `diff --git` line; without quotes they are the same but for `a/` and `b/`. */
function gitNames(text: string): [string, string] {
  const quoted = /^("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)$/.exec(text);
  if (quoted) {
    return [unquote(quoted[1]), unquote(quoted[2])];
  }
  const half = (text.length - 1) / 2;
  return [text.slice(0, half), text.slice(half + 1)];
}

/** A file's name, without the time that may follow it. */
function nameOf(text: string): string {
  return unquote(text.replace(/\t.*$/, '').replace(/\r$/, ''));
}

const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13
};

/** Undo git's quoting of names: C escapes, the bytes of UTF-8 in octal. */
function unquote(name: string): string {
  if (!/^".*"$/.test(name)) {
    return name;
  }
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const [part] of name.slice(1, -1).matchAll(/\\[0-7]{3}|\\.|[^\\]+/g)) {
    if (!part.startsWith('\\')) {
      bytes.push(...encoder.encode(part));
    } else if (part.length === 4) {
      bytes.push(parseInt(part.slice(1), 8));
    } else {
      bytes.push(ESCAPES[part[1]] ?? part.charCodeAt(1));
    }
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
