/** @jest-environment node */
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { readFileSync } from 'fs';
import { join } from 'path';

import { Requester } from '../server/request';
import { readTable } from './parquet';

const FOLDER = join(__dirname, '../../../tests/ui/data');
const trans = nullTranslator.load('');

/** A file behind a server that answers ranges, and counts their bytes. */
function behindServer(bytes: Uint8Array) {
  const served = { bytes: 0 };
  const fetch = async (input: RequestInfo | URL): Promise<Response> => {
    const range = (input as Request).headers.get('Range')!;
    const [start, end] = range.replace('bytes=', '').split('-').map(Number);
    const part = bytes.slice(start, end + 1);
    served.bytes += part.length;
    return new Response(part, { status: 206 });
  };
  const requester = new Requester(
    ServerConnection.makeSettings({ baseUrl: 'http://localhost:8888/', fetch })
  );
  return { requester, served };
}

function read(name: string, limitBytes = 1e6, sizeBytes?: number) {
  const bytes = new Uint8Array(readFileSync(join(FOLDER, name)));
  const { requester } = behindServer(bytes);
  return readTable(requester, trans, {
    url: 'http://localhost:8888/x',
    name,
    sizeBytes: sizeBytes ?? bytes.length,
    limitBytes
  });
}

const KINDS =
  'number,real,text,<b>markup</b>,flag,time,price,bytes,list,struct\n' +
  '1,0.5,plain,<img src=x onerror=alert(1)>,true,2026-01-31T12:30:00.000Z,1.5,ff00,"[1,2]","{""a"":1,""b"":""x""}"\n' +
  ',NaN,"with ""quotes"", and comma",,false,,,,[],\n' +
  '-9007199254740993,1e+300,"two\nlines",,,,,,,"{""a"":null,""b"":""y""}"\n';

describe('readTable', () => {
  it.each(['snappy', 'zstd', 'gzip', 'brotli', 'lz4', 'none'])(
    'makes CSV of every kind of column, compressed with %s',
    async codec => {
      const table = await read(`kinds-${codec}.parquet`);
      expect(table.csv).toBe(KINDS);
      expect([table.shown, table.total]).toEqual([3, 3]);
    }
  );

  it('reads the first 10,000 rows', async () => {
    const table = await read('many.parquet');
    expect([table.shown, table.total]).toEqual([10_000, 12_345]);
    const lines = table.csv.trimEnd().split('\n');
    expect(lines).toHaveLength(10_001);
    expect(lines[0]).toBe('step,loss');
    expect(lines[10_000]).toBe('9999,0.25');
  });

  it('has the names of the columns where there are no rows', async () => {
    const { csv, total } = await read('empty.parquet');
    expect(csv).toBe(KINDS.split('\n')[0] + '\n');
    expect(total).toBe(0);
  });

  it('refuses when the first rows alone are too much', async () => {
    await expect(read('many.parquet', 1000)).rejects.toMatchObject({
      name: 'FileTooLarge'
    });
  });

  it('says what is no Parquet file', async () => {
    await expect(read('make_parquet.py')).rejects.toThrow(
      /make_parquet.py cannot be shown as a table: .*Download it instead/
    );
  });
});
