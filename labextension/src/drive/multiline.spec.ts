import { nullTranslator } from '@jupyterlab/translation';

import { notebookOf } from './content';

const trans = nullTranslator.load('');

/** The cells of a notebook as a file has it, read for JupyterLab. */
function read(cells: unknown[], minor = 5) {
  const file = { nbformat: 4, nbformat_minor: minor, metadata: {}, cells };
  return notebookOf(trans, 'a.ipynb', JSON.stringify(file));
}

/** What one output of a code cell becomes. */
function output(value: object) {
  const cell = { cell_type: 'code', metadata: {}, source: [] };
  const { cells } = read([{ ...cell, outputs: [value] }]);
  return (cells[0].outputs as object[])[0];
}

describe('the lines of a notebook', () => {
  it('are joined in the sources of all kinds of cells', () => {
    const kinds = ['code', 'markdown', 'raw'];
    const { cells } = read(
      kinds.map(kind => ({ cell_type: kind, source: ['one\n', 'two'] }))
    );
    expect(cells.map(cell => cell.source)).toEqual(kinds.map(() => 'one\ntwo'));
    expect(read([{ cell_type: 'code', source: [] }]).cells[0].source).toBe('');
    expect(read([{ cell_type: 'raw', source: 'a\n' }]).cells[0].source).toBe(
      'a\n'
    );
  });

  it('are joined in streams', () => {
    const stream = { output_type: 'stream', name: 'stdout' };
    expect(output({ ...stream, text: ['step 0\n', 'step 1\n'] })).toEqual({
      ...stream,
      text: 'step 0\nstep 1\n'
    });
    expect(output({ ...stream, text: 'step 0\n' })).toMatchObject({
      text: 'step 0\n'
    });
  });

  it.each(['display_data', 'execute_result', 'update_display_data'])(
    'are joined in the data of %s, but lists that are JSON stay',
    kind => {
      const json = {
        'application/json': ['a', 'b'],
        'application/vnd.vegalite.v5+json': { data: ['a'] },
        'application/geo+json': ['a']
      };
      const data = {
        'text/plain': ['<Figure', ' 1>'],
        'text/html': ['<b>\n', '</b>'],
        'image/png': ['aGVs\n', 'bG8='],
        'image/svg+xml': ['<svg>', '</svg>'],
        'application/javascript': ['1;', '2'],
        'application/vnd.other': [1, 2],
        ...json
      };
      expect(output({ output_type: kind, data, metadata: {} })).toEqual({
        output_type: kind,
        metadata: {},
        data: {
          'text/plain': '<Figure 1>',
          'text/html': '<b>\n</b>',
          'image/png': 'aGVs\nbG8=',
          'image/svg+xml': '<svg></svg>',
          'application/javascript': '1;2',
          'application/vnd.other': [1, 2],
          ...json
        }
      });
    }
  );

  it('stay a list in the traceback of an error', () => {
    const error = {
      output_type: 'error',
      ename: 'E',
      evalue: 'v',
      traceback: ['line 1', 'line 2']
    };
    expect(output(error)).toEqual(error);
  });

  it('are joined in attachments', () => {
    const attachments = { 'a.png': { 'image/png': ['aGVs\n', 'bG8='] } };
    const { cells } = read([
      { cell_type: 'markdown', source: '', attachments }
    ]);
    expect(cells[0].attachments).toEqual({
      'a.png': { 'image/png': 'aGVs\nbG8=' }
    });
  });

  it.each([0, 1, 2, 3, 4, 5])('leave version 4.%s as it is', minor => {
    const notebook = read([{ cell_type: 'code', source: ['a'] }], minor);
    expect(notebook).toEqual({
      nbformat: 4,
      nbformat_minor: minor,
      metadata: {},
      cells: [{ cell_type: 'code', source: 'a' }]
    });
  });
});
