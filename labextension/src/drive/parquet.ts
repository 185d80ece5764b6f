/** Parquet as CSV, read by ranges; loaded when the first such file is opened. No DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  AsyncBuffer,
  FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema
} from 'hyparquet';
import { compressors as known } from 'hyparquet-compressors';

import { RequestFailure } from '../server/errors';
import type { Requester } from '../server/request';
import { checkSize, FileTooLarge, looksLikeText } from './content';
import type { ITableExtent } from './drive';

/** Rows that are shown of a table. */
const ROWS = 10_000;
/** Of wide tables fewer rows are shown. */
const CELLS = 2_000_000;

// Snappy is left to hyparquet: this one would be WebAssembly, which a strict page refuses.
const compressors = { ...known, SNAPPY: undefined };

/** A table as text. */
export interface ITable extends ITableExtent {
  readonly csv: string;
}

/**
 * Read the first rows of a Parquet file.
 *
 * @throws FileTooLarge - the part of the file which holds them is larger than what may be loaded.
 * @throws Error - it is no Parquet file, or has a compression that nobody knows here.
 */
export async function readTable(
  requester: Requester,
  trans: TranslationBundle,
  source: { url: string; name: string; sizeBytes: number; limitBytes: number }
): Promise<ITable> {
  const file = bufferOf(requester, source.url, source.sizeBytes);
  try {
    const metadata = await parquetMetadataAsync(file);
    const names = parquetSchema(metadata).children.map(
      child => child.element.name
    );
    const total = Number(metadata.num_rows);
    const perRow = Math.max(1, names.length);
    const shown = Math.min(total, ROWS, Math.ceil(CELLS / perRow));
    const bytes = bytesOf(metadata, shown);
    checkSize(trans, source.name, bytes, source.limitBytes);
    const rows = await rowsOf(file, metadata, shown);
    const lines = [names, ...rows].map(row => row.map(cellOf).join(','));
    return { csv: `${lines.join('\n')}\n`, shown, total };
  } catch (error) {
    throw told(trans, source.name, error);
  }
}

/** Bytes of a file on the server, by HTTP ranges. */
function bufferOf(
  requester: Requester,
  url: string,
  byteLength: number
): AsyncBuffer {
  return {
    byteLength,
    slice: async (start, end = byteLength) => {
      const response = await requester.send(url, {
        headers: { Range: `bytes=${start}-${end - 1}` }
      });
      return response.arrayBuffer();
    }
  };
}

/** How much of the file the row groups with the first rows take. */
function bytesOf(metadata: FileMetaData, rows: number): number {
  let left = rows;
  let bytes = 0;
  for (const group of metadata.row_groups) {
    if (left <= 0) {
      break;
    }
    for (const column of group.columns) {
      bytes += Number(column.meta_data?.total_compressed_size ?? 0);
    }
    left -= Number(group.num_rows);
  }
  return bytes;
}

async function rowsOf(
  file: AsyncBuffer,
  metadata: FileMetaData,
  rowEnd: number
): Promise<unknown[][]> {
  let all: unknown[][] = [];
  if (rowEnd > 0) {
    await parquetRead({
      file,
      metadata,
      compressors,
      utf8: false,
      rowEnd,
      onComplete: rows => {
        all = rows as unknown[][];
      }
    });
  }
  return all;
}

/** A value as a field of CSV (RFC 4180). */
function cellOf(value: unknown): string {
  const text = plain(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function plain(value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? '' : value.toISOString();
  }
  if (value instanceof Uint8Array) {
    return bytesText(value);
  }
  return typeof value === 'object'
    ? JSON.stringify(value, (_, inner: unknown) =>
        typeof inner === 'bigint'
          ? Number(inner)
          : inner instanceof Uint8Array
            ? bytesText(inner)
            : inner
      )
    : String(value);
}

/** Old writers do not say which bytes are text; what is none is shown in hexadecimal. */
function bytesText(bytes: Uint8Array): string {
  return looksLikeText(bytes)
    ? new TextDecoder().decode(bytes)
    : Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

/** What the reader says, in words that help; what others have said stays as it is. */
function told(trans: TranslationBundle, name: string, error: unknown): Error {
  const { message } = error as Error;
  if (
    error instanceof RequestFailure ||
    error instanceof FileTooLarge ||
    !/parquet|snappy|zstd/i.test(message)
  ) {
    return error as Error;
  }
  const codec = /compression codec:? (\w+)/.exec(message);
  return new Error(
    codec
      ? trans.__(
          '%1 is compressed with %2, which cannot be read here. Download it instead.',
          name,
          codec[1]
        )
      : trans.__(
          '%1 cannot be shown as a table: %2. Download it instead.',
          name,
          message
        )
  );
}
