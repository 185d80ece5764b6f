/** Notebook files keep long texts as lists of lines; the rest of JupyterLab knows only texts. No DOM. */

type Json = Record<string, unknown>;

/**
 * Join what a notebook file has as lists of lines, as the server does for its own notebooks
 * (nbformat, `v4/rwbase.py`, `rejoin_lines`). What is a text already stays, and so do lists that
 * are data: JSON and the traceback of an error.
 */
export function joinLines(cells: readonly unknown[]): void {
  for (const cell of cells.filter(isObject)) {
    join(cell, 'source');
    if (isObject(cell.attachments)) {
      Object.values(cell.attachments).forEach(joinBundle);
    }
    if (cell.cell_type === 'code' && Array.isArray(cell.outputs)) {
      for (const output of cell.outputs.filter(isObject)) {
        join(output, 'text');
        joinBundle(output.data);
      }
    }
  }
}

/** The forms of one thing, by media type. */
function joinBundle(bundle: unknown): void {
  if (isObject(bundle)) {
    Object.keys(bundle)
      .filter(type => !/^application\/(json|.*\+json)$/.test(type))
      .forEach(type => join(bundle, type));
  }
}

function join(owner: Json, name: string): void {
  const value = owner[name];
  if (Array.isArray(value) && value.every(line => typeof line === 'string')) {
    owner[name] = value.join('');
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
