/** Notebooks made of a notebook. No DOM. */
import type { ICell, INotebookContent } from '@jupyterlab/nbformat';

const PARAMETERS = 'parameters';
const LONGEST_NAME = 48;

/** A cell's source as one text. */
export function sourceOf(cell: ICell): string {
  return Array.isArray(cell.source) ? cell.source.join('') : cell.source;
}

function isParameters(cell: ICell): boolean {
  const tags = cell.metadata['tags'];
  return Array.isArray(tags) && tags.includes(PARAMETERS);
}

function withCells(
  notebook: INotebookContent,
  cells: readonly ICell[]
): INotebookContent {
  const bare = cells.map(cell =>
    cell.cell_type === 'code'
      ? { ...cell, outputs: [], execution_count: null }
      : cell
  );
  return { ...notebook, cells: bare as INotebookContent['cells'] };
}

/**
 * The notebook of the selected code cells, without outputs.
 *
 * @param notebook - as it is now.
 * @param selected - the indexes of the selected cells.
 * @param above - with all code cells above the first selected one. The parameters cell comes along
 *   in any case.
 */
export function cellsNotebook(
  notebook: INotebookContent,
  selected: readonly number[],
  above: boolean
): INotebookContent {
  const first = Math.min(...selected);
  const wanted = notebook.cells.filter(
    (cell, index) =>
      cell.cell_type === 'code' &&
      (selected.includes(index) ||
        isParameters(cell) ||
        (above && index < first))
  );
  return withCells(notebook, wanted);
}

/** What of a notebook tells its parameters: little enough to be sent on opening a dialog. */
export function parametersNotebook(
  notebook: INotebookContent
): INotebookContent {
  return withCells(notebook, notebook.cells.filter(isParameters));
}

/**
 * What a run of cells is called: its first line that says something.
 *
 * Source: `cell_name` in `jupyter_exec/magics/cells.py`.
 */
export function cellsName(cells: readonly ICell[]): string {
  const lines = cells
    .flatMap(cell => sourceOf(cell).split('\n'))
    .map(line => line.trim().replace(/^#+/, '').trim())
    .filter(Boolean);
  const telling = lines.find(line => !/^(import |from |[%!])/.test(line));
  const name = telling ?? lines[0] ?? 'cells';
  return name.length <= LONGEST_NAME
    ? name
    : `${name.slice(0, LONGEST_NAME - 1).trimEnd()}…`;
}

/** The kernelspec that a notebook asks for. */
export function kernelOf(notebook: INotebookContent): string | null {
  return notebook.metadata.kernelspec?.name ?? null;
}
