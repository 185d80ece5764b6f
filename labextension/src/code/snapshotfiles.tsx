import * as React from 'react';

import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { formatBytes } from '../components/format';
import { useAsync } from '../components/hooks';
import { Empty, Failure } from '../components/notice';
import {
  checkSize,
  FileTooLarge,
  looksLikeText,
  readBytes
} from '../drive/content';
import { downloadUrl } from '../drive/drive';
import {
  isFolder,
  IStoredFile,
  lookUp,
  nameOf,
  treeOf
} from '../drive/filelist';
import { fileServices } from '../drive/services';
import { FileTree } from '../outputs/filetree';
import type { Run } from '../types';
import { CodeView } from './codeview';
import { entryOf } from './entry';

/** Larger files are not shown beside the tree; they can be opened or downloaded. */
const SHOWN_BYTES = 2e6;

/** The files of a snapshot as a tree, and the content of the one that is selected. */
export function SnapshotFiles(props: {
  snapshotId: string;
  /** What was asked; the file that it executes is shown first. */
  definition: Run['definition'];
}): JSX.Element {
  const { commands, model, trans } = useExec();
  const { definition, snapshotId } = props;
  const { data, error, reload } = useAsync(
    () => model.runs.manifest(snapshotId),
    [model, snapshotId]
  );
  const root = React.useMemo(
    () => data && treeOf(data.files.map(stored)),
    [data]
  );
  const entryPath = React.useMemo(
    () =>
      data
        ? entryOf(definition, new Set(data.files.map(({ path }) => path)))
        : null,
    [data, definition]
  );
  const [chosen, setChosen] = React.useState<string | null>(null);
  if (error) {
    return <Failure error={error} onRetry={reload} />;
  }
  if (root === undefined) {
    return <></>;
  }
  if (root.count === 0) {
    return (
      <Empty title={trans.__('This run was started in an empty folder')} />
    );
  }
  const selected = chosen ?? entryPath ?? root.files[0]?.path ?? null;
  const entry = selected === null ? undefined : lookUp(root, selected);
  return (
    <div className="jp-exec-code-body">
      <div className="jp-exec-code-tree">
        <FileTree
          root={root}
          label={trans.__('Files of this run')}
          selected={selected}
          onSelect={row => setChosen(row.path)}
          columns={({ path }) =>
            path === entryPath && (
              <span
                className="jp-exec-code-entry"
                title={trans.__('This is what the run executes')}
              >
                {trans.__('executed')}
              </span>
            )
          }
          onOpen={({ path }) =>
            void commands.execute(CommandIDs.openCode, { snapshotId, path })
          }
        />
      </div>
      {entry !== undefined && !isFolder(entry) && (
        <SnapshotFile key={entry.path} snapshotId={snapshotId} file={entry} />
      )}
    </div>
  );
}

function stored(file: {
  path: string;
  size?: number;
  link?: string;
}): IStoredFile {
  const { link, path, size = 0 } = file;
  return { path, sizeBytes: size, modifiedAt: null, ...(link && { link }) };
}

function SnapshotFile(props: {
  snapshotId: string;
  file: IStoredFile;
}): JSX.Element {
  const { commands, model, trans } = useExec();
  const { file, snapshotId } = props;
  const { path } = file;
  const name = nameOf(path);
  const url = model.requester.url([
    'snapshots',
    snapshotId,
    'files',
    ...path.split('/')
  ]);
  return (
    <section className="jp-exec-code-file" aria-label={path}>
      <div className="jp-exec-code-header">
        <span className="jp-exec-code-path" title={path}>
          {path}
        </span>
        <span className="jp-exec-code-size">{formatBytes(file.sizeBytes)}</span>
        {file.link === undefined && (
          <>
            <button
              className="jp-exec-button"
              onClick={() =>
                void commands.execute(CommandIDs.openCode, { snapshotId, path })
              }
            >
              {trans.__('Open')}
            </button>
            <a
              className="jp-exec-button jp-exec-button-link"
              href={downloadUrl(url)}
              download={name}
            >
              {trans.__('Download')}
            </a>
          </>
        )}
      </div>
      {file.link === undefined ? (
        <Content file={file} url={url} />
      ) : (
        <div className="jp-exec-changes-note">
          {trans.__('A symbolic link to %1', file.link)}
        </div>
      )}
    </section>
  );
}

function Content(props: { file: IStoredFile; url: string }): JSX.Element {
  const { model, trans } = useExec();
  const { file, url } = props;
  const name = nameOf(file.path);
  const isNotebook = name.endsWith('.ipynb');
  const { data, error, reload } = useAsync(async () => {
    if (isNotebook) {
      return null;
    }
    const limitBytes = Math.min(SHOWN_BYTES, fileServices.limitBytes());
    checkSize(trans, name, file.sizeBytes, limitBytes);
    const bytes = await readBytes(model.requester, trans, {
      url,
      name,
      limitBytes
    });
    return looksLikeText(bytes) ? new TextDecoder().decode(bytes) : null;
  }, [model, url]);
  if (error) {
    return error instanceof FileTooLarge ? (
      <Empty title={trans.__('Too large to be shown here')} />
    ) : (
      <Failure error={error} onRetry={reload} />
    );
  }
  if (data === undefined) {
    return <></>;
  }
  if (data === null) {
    return (
      <Empty
        title={
          isNotebook
            ? trans.__('A notebook')
            : trans.__('Not text, so it is not shown here')
        }
      >
        {isNotebook && trans.__('Open it to see its cells.')}
      </Empty>
    );
  }
  return <CodeView text={data} path={file.path} />;
}
