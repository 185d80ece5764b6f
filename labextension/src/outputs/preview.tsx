import * as React from 'react';

import { useExec } from '../components/context';
import { formatBytes, formatTime } from '../components/format';
import { downloadUrl } from '../drive/drive';
import { IFolder, isFolder, IStoredFile, nameOf } from '../drive/filelist';
import { fileServices } from '../drive/services';

/** What an `<img>` may show: pictures that can hold neither scripts nor links. */
const PICTURES = /\.(png|jpe?g|gif|webp)$/i;
/** Larger pictures have no thumbnail: each would be loaded whole. */
const THUMBNAIL_BYTES = 1e6;

function isPicture(file: IStoredFile, limitBytes: number): boolean {
  return (
    PICTURES.test(file.path) &&
    file.sizeBytes > 0 &&
    file.sizeBytes <= limitBytes
  );
}

/** A small picture in the place of a picture's icon; null for anything else. */
export function thumbnailOf(
  runId: string,
  entry: IFolder | IStoredFile
): JSX.Element | null {
  return isFolder(entry) || !isPicture(entry, THUMBNAIL_BYTES) ? null : (
    <Thumbnail key={entry.modifiedAt} runId={runId} path={entry.path} />
  );
}

function Thumbnail(props: { runId: string; path: string }): JSX.Element {
  const { model } = useExec();
  return (
    <img
      className="jp-exec-filetree-icon jp-exec-thumbnail"
      src={downloadUrl(model.runs.outputUrl(props.runId, props.path))}
      alt=""
      loading="lazy"
    />
  );
}

/** The selected file: what it is, and the picture if it is one. */
export function Preview(props: {
  runId: string;
  file: IStoredFile;
  onOpen: () => void;
}): JSX.Element {
  const { model, trans } = useExec();
  const { file } = props;
  const url = downloadUrl(model.runs.outputUrl(props.runId, file.path));
  const name = nameOf(file.path);
  return (
    <section className="jp-exec-preview" aria-label={trans.__('Selected file')}>
      <div className="jp-exec-preview-name">{name}</div>
      <div className="jp-exec-preview-facts">
        {formatBytes(file.sizeBytes)}
        {file.modifiedAt !== null && ` · ${timeOf(file)}`}
      </div>
      <div className="jp-exec-preview-buttons">
        <button className="jp-exec-button" onClick={props.onOpen}>
          {trans.__('Open')}
        </button>
        <a
          className="jp-exec-button jp-exec-button-link"
          href={url}
          download={name}
        >
          {trans.__('Download')}
        </a>
      </div>
      {isPicture(file, fileServices.limitBytes()) && (
        // Read again when the run has written it again.
        <Picture key={file.modifiedAt} url={url} name={name} />
      )}
    </section>
  );
}

function Picture(props: { url: string; name: string }): JSX.Element {
  const { trans } = useExec();
  const [broken, setBroken] = React.useState(false);
  return broken ? (
    <div className="jp-exec-preview-facts">
      {trans.__('This is not a picture that can be shown.')}
    </div>
  ) : (
    <img
      className="jp-exec-preview-picture"
      src={props.url}
      alt={props.name}
      onError={() => setBroken(true)}
    />
  );
}

/** When it was written last. */
export function timeOf(entry: IFolder | IStoredFile): string {
  return entry.modifiedAt === null ? '' : formatTime(entry.modifiedAt);
}
