import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';

import { ExecModel } from '../model/exec';
import { downloadUrl } from './drive';
import { OutputsDrive, SnapshotsDrive } from './drives';

const NOTEBOOK = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: [
    {
      cell_type: 'code',
      metadata: { trusted: true, tags: ['x'] },
      source: '',
      outputs: []
    }
  ]
};

/** What a server would have, by path; every request is written down. */
class Shelf {
  readonly files = new Map<string, string | Uint8Array>();
  /** Sizes that the server claims in place of the true ones. */
  readonly sizes = new Map<string, number>();
  readonly asked: string[] = [];

  readonly fetch = async (input: RequestInfo | URL): Promise<Response> => {
    const { pathname } = new URL((input as Request).url);
    const path = decodeURIComponent(pathname.split('/jupyter-exec/v1/')[1]);
    this.asked.push(path);
    if (path === 'runs') {
      return Response.json({ runs: [{ runId: 'r1' }], next: null, total: 1 });
    }
    if (path === 'runs/r1/outputs') {
      return Response.json({
        outputs: [...this.files].map(([name, body]) => ({
          path: name,
          sizeBytes: this.sizes.get(name) ?? body.length,
          modifiedAt: '2026-01-31T12:00:00Z'
        }))
      });
    }
    if (path === 'snapshots/s1') {
      return Response.json({
        snapshotId: 's1',
        files: [
          { path: 'src/main.py', mode: '0644', sha256: '', size: 7 },
          { path: 'here', link: 'src' }
        ]
      });
    }
    if (path === 'snapshots/s1/files/src/main.py') {
      return new Response('print()');
    }
    const body = this.files.get(path.replace('runs/r1/outputs/', ''));
    return body === undefined
      ? Response.json({ error: { message: 'no such run' } }, { status: 404 })
      : new Response(body as BodyInit, {
          headers: { 'Content-Length': String(body.length) }
        });
  };
}

describe('the drives', () => {
  let shelf: Shelf;
  let drive: OutputsDrive;
  let model: ExecModel;
  const trans = nullTranslator.load('');

  beforeEach(() => {
    shelf = new Shelf();
    shelf.files.set('a.txt', 'hello');
    shelf.files.set('plots/one.png', new Uint8Array([137, 80, 78, 71, 255]));
    shelf.files.set('plots/deep/<b>x</b>.csv', 'a,b\n1,2\n');
    shelf.files.set('out.ipynb', JSON.stringify(NOTEBOOK));
    model = new ExecModel(
      ServerConnection.makeSettings({
        baseUrl: 'http://localhost:8888/',
        fetch: shelf.fetch
      })
    );
    drive = new OutputsDrive(model, { trans, limitBytes: () => 1000 });
  });

  afterEach(() => model.dispose());

  it('makes directories of the flat list', async () => {
    const root = await drive.get('r1', { content: true });
    expect(root).toMatchObject({ type: 'directory', writable: false });
    expect(
      root.content.map((each: { path: string; type: string }) => [
        each.path,
        each.type
      ])
    ).toEqual([
      ['r1/plots', 'directory'],
      ['r1/a.txt', 'file'],
      ['r1/out.ipynb', 'notebook']
    ]);
    const inner = await drive.get('/r1/plots/', { content: true });
    expect(inner.content.map((each: { name: string }) => each.name)).toEqual([
      'deep',
      'one.png'
    ]);
    expect((await drive.get('')).content[0].path).toBe('r1');
  });

  it('gives text, bytes and notebooks as documents want them', async () => {
    expect(
      await drive.get('r1/a.txt', { content: true, format: 'text' })
    ).toMatchObject({
      content: 'hello',
      format: 'text',
      writable: false,
      size: 5,
      last_modified: '2026-01-31T12:00:00Z'
    });
    expect(
      await drive.get('r1/plots/one.png', { content: true, format: 'base64' })
    ).toMatchObject({ content: 'iVBOR/8=', mimetype: 'image/png' });
    const notebook = await drive.get('r1/out.ipynb', {
      content: true,
      type: 'notebook'
    });
    expect(notebook).toMatchObject({ type: 'notebook', format: 'json' });
  });

  it('does not take the word of a notebook that it is to be trusted', async () => {
    const { content } = await drive.get('r1/out.ipynb');
    expect(content.cells[0].metadata).toEqual({ tags: ['x'] });
  });

  it('asks for no byte of a file that is too large', async () => {
    shelf.sizes.set('a.txt', 5e9);
    await expect(
      drive.get('r1/a.txt', { content: true, format: 'text' })
    ).rejects.toThrow(/a\.txt has 5\.0 GB/);
    expect(shelf.asked).toEqual(['runs/r1/outputs']);
    expect((await drive.get('r1/a.txt', { content: false })).size).toBe(5e9);
  });

  it('stops when a file has grown since it was listed', async () => {
    shelf.files.set('log.txt', 'x'.repeat(1001));
    shelf.sizes.set('log.txt', 10);
    await expect(drive.get('r1/log.txt')).rejects.toThrow(/has 1\.0 kB/);
  });

  it('says what is no text, no notebook, and not there', async () => {
    await expect(
      drive.get('r1/plots/one.png', { content: true, format: 'text' })
    ).rejects.toThrow('one.png is not text in UTF-8');
    shelf.files.set('half.ipynb', '{"cells": [');
    await expect(drive.get('r1/half.ipynb')).rejects.toThrow(/not valid JSON/);
    shelf.files.set('old.ipynb', '{"nbformat": 3, "worksheets": []}');
    await expect(drive.get('r1/old.ipynb')).rejects.toThrow(/version 4/);
    await expect(drive.get('r1/none.txt')).rejects.toThrow(
      'There is no file r1/none.txt any more.'
    );
    await expect(drive.get('r2')).rejects.toMatchObject({ kind: 'notFound' });
  });

  it('refuses every change, with what to do instead', async () => {
    for (const change of [
      drive.save(),
      drive.rename(),
      drive.delete(),
      drive.copy(),
      drive.newUntitled(),
      drive.createCheckpoint(),
      drive.restoreCheckpoint(),
      drive.deleteCheckpoint()
    ]) {
      await expect(change).rejects.toThrow(/cannot be changed. Save a copy/);
    }
    expect(await drive.listCheckpoints()).toEqual([]);
  });

  it('tells where to download, with the token against forged requests', async () => {
    const url =
      'http://localhost:8888/jupyter-exec/v1/runs/r1/outputs/plots/deep/%3Cb%3Ex%3C%2Fb%3E.csv';
    expect(await drive.getDownloadUrl('r1/plots/deep/<b>x</b>.csv')).toContain(
      url.slice(0, 60)
    );
    document.cookie = '_xsrf=2|ab|cd';
    expect(downloadUrl('http://x/y?format=zip')).toBe(
      'http://x/y?format=zip&_xsrf=2%7Cab%7Ccd'
    );
  });

  it('shows the code of a run', async () => {
    const code = new SnapshotsDrive(model, { trans, limitBytes: () => 1000 });
    const { content } = await code.get('s1/src/main.py');
    expect(content).toBe('print()');
    expect((await code.get('s1')).content).toHaveLength(2);
    await expect(code.save()).rejects.toThrow(
      /code of a run cannot be changed/
    );
  });
});
