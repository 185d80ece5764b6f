/** Files by path, as the server lists them; folders are what their paths imply. No DOM. */

/** A file of a run or of a snapshot. */
export interface IStoredFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** When it was written last; null where nobody knows. */
  readonly modifiedAt: string | null;
  /** Where it leads, if it is a symbolic link. */
  readonly link?: string;
}

/** A folder with what lies in it. */
export interface IFolder {
  readonly name: string;
  readonly path: string;
  /** Sorted by name. */
  readonly folders: readonly IFolder[];
  readonly files: readonly IStoredFile[];
  /** Of everything below it. */
  readonly count: number;
  readonly sizeBytes: number;
  readonly modifiedAt: string | null;
}

/** A folder while it is being filled. */
interface IDraft {
  readonly name: string;
  readonly path: string;
  readonly folders: Map<string, IDraft>;
  readonly files: IStoredFile[];
}

/** Names as people expect them: `run-2` before `run-10`. */
const ORDER = new Intl.Collator(undefined, { numeric: true });

/** Make the tree of folders that a flat list of files implies. */
export function treeOf(files: readonly IStoredFile[]): IFolder {
  const root: IDraft = { name: '', path: '', folders: new Map(), files: [] };
  for (const file of files) {
    const parts = file.path.split('/');
    let folder = root;
    for (let depth = 0; depth < parts.length - 1; depth += 1) {
      const name = parts[depth];
      let inner = folder.folders.get(name);
      if (inner === undefined) {
        const path = parts.slice(0, depth + 1).join('/');
        inner = { name, path, folders: new Map(), files: [] };
        folder.folders.set(name, inner);
      }
      folder = inner;
    }
    folder.files.push(file);
  }
  return finish(root);
}

function finish(draft: IDraft): IFolder {
  const folders = [...draft.folders.values()]
    .map(finish)
    .sort((a, b) => ORDER.compare(a.name, b.name));
  const files = [...draft.files].sort((a, b) =>
    ORDER.compare(nameOf(a.path), nameOf(b.path))
  );
  const all = [...folders, ...files];
  return {
    name: draft.name,
    path: draft.path,
    folders,
    files,
    count: files.length + folders.reduce((sum, each) => sum + each.count, 0),
    sizeBytes: all.reduce((sum, each) => sum + each.sizeBytes, 0),
    modifiedAt: all.reduce<string | null>(
      (newest, { modifiedAt }) =>
        modifiedAt !== null && (newest === null || modifiedAt > newest)
          ? modifiedAt
          : newest,
      null
    )
  };
}

/** The folder or the file at a path below `root`; undefined where there is neither. */
export function lookUp(
  root: IFolder,
  path: string
): IFolder | IStoredFile | undefined {
  let folder = root;
  const parts = path.split('/').filter(part => part !== '');
  for (const [depth, name] of parts.entries()) {
    const inner = folder.folders.find(each => each.name === name);
    if (inner === undefined) {
      return depth === parts.length - 1
        ? folder.files.find(each => nameOf(each.path) === name)
        : undefined;
    }
    folder = inner;
  }
  return folder;
}

/** Whether this is a folder. */
export function isFolder(entry: IFolder | IStoredFile): entry is IFolder {
  return 'folders' in entry;
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A line of a tree that is shown: a folder or a file, and how deep it lies. */
export interface ITreeRow {
  readonly path: string;
  readonly name: string;
  /** From 1, as `aria-level` counts. */
  readonly level: number;
  readonly entry: IFolder | IStoredFile;
  /** Null for a file. */
  readonly isOpen: boolean | null;
  /** Its place among its siblings, from 1, and how many they are. */
  readonly position: number;
  readonly siblings: number;
}

/** The lines of a tree from top to bottom, without what lies in closed folders. */
export function rowsOf(
  root: IFolder,
  isOpen: (folder: IFolder) => boolean
): ITreeRow[] {
  const rows: ITreeRow[] = [];
  const add = (folder: IFolder, level: number): void => {
    const siblings = folder.folders.length + folder.files.length;
    const entries = [...folder.folders, ...folder.files];
    for (const [index, entry] of entries.entries()) {
      const { path } = entry;
      const open = isFolder(entry) ? isOpen(entry) : null;
      rows.push({
        path,
        name: nameOf(path),
        level,
        entry,
        isOpen: open,
        position: index + 1,
        siblings
      });
      if (open) {
        add(entry as IFolder, level + 1);
      }
    }
  };
  add(root, 1);
  return rows;
}
