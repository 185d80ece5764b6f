import { nullTranslator } from '@jupyterlab/translation';

import { notebookOf } from './content';

const trans = nullTranslator.load('jupyter-exec');
const read = (fields: object) =>
  notebookOf(
    trans,
    'a.ipynb',
    JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, ...fields })
  );
const CODE = { cell_type: 'code', metadata: {}, source: '', outputs: [] };

describe('notebookOf', () => {
  it.each([
    { cells: [null] },
    { cells: [], metadata: null },
    { cells: [{ ...CODE, metadata: null }] },
    { cells: [{ ...CODE, outputs: null }] },
    { cells: [{ ...CODE, outputs: [null] }] },
    { cells: [{}] },
    { cells: null },
    { nbformat: 3, worksheets: [] }
  ])('refuses %j in words', fields => {
    expect(() => read(fields)).toThrow('a.ipynb is not a notebook');
  });

  it('forgets that a cell says it is trusted', () => {
    const cells = [{ ...CODE, metadata: { trusted: true } }];
    expect(read({ cells }).cells[0].metadata).toEqual({});
  });
});
