import '../../style/files.css';

import { refreshIcon, downloadIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { formatBytes, formatCount } from '../components/format';
import { Empty, Failure } from '../components/notice';
import type { IRunTabProps } from '../document/tabs';
import { TrialsInstead } from '../document/trialsinstead';
import { downloadUrl } from '../drive/drive';
import {
  IFolder,
  isFolder,
  ITreeRow,
  lookUp,
  nameOf,
  treeOf
} from '../drive/filelist';
import { isTerminal } from '../model/lifecycle';
import type { Run } from '../types';
import { FileTree } from './filetree';
import { useOutputs } from './live';
import { Preview, thumbnailOf, timeOf } from './preview';

/** The tab "Outputs" of a run's document. */
export default function Outputs({ run, isDeleted }: IRunTabProps): JSX.Element {
  const { trans } = useExec();
  const box = React.useRef<HTMLDivElement>(null);
  const { data, error, isLoading, reload } = useOutputs(run.runId, box);
  const root = React.useMemo(() => data && treeOf(data), [data]);
  if (isDeleted) {
    return <Empty title={trans.__('The outputs were deleted with the run')} />;
  }
  return (
    <div ref={box} className="jp-exec-outputs">
      {error && <Failure error={error} onRetry={reload} />}
      {root && root.count > 0 && (
        <Files run={run} root={root} isLoading={isLoading} reload={reload} />
      )}
      {root?.count === 0 && <None run={run} reload={reload} />}
    </div>
  );
}

function None(props: { run: Run; reload: () => void }): JSX.Element {
  const { trans } = useExec();
  if (props.run.definition?.sweep) {
    return (
      <TrialsInstead
        run={props.run}
        title={trans.__('A sweep has no outputs of its own')}
      />
    );
  }
  return (
    <Empty
      title={
        isTerminal(props.run.status)
          ? trans.__('This run has left no outputs')
          : trans.__('No outputs yet')
      }
    >
      <p>
        {trans.__(
          'Files that a run writes into the folder "outputs" of its working folder are kept, and shown here. For example:'
        )}
      </p>
      <pre className="jp-exec-outputs-example">
        model.save('outputs/model.keras'){'\n'}
        plt.savefig('outputs/loss.png'){'\n'}
        table.to_csv('outputs/results.csv')
      </pre>
      {!isTerminal(props.run.status) && (
        <div>
          <button className="jp-exec-button" onClick={props.reload}>
            {trans.__('Look again')}
          </button>
        </div>
      )}
    </Empty>
  );
}

function Files(props: {
  run: Run;
  root: IFolder;
  isLoading: boolean;
  reload: () => void;
}): JSX.Element {
  const { commands, trans } = useExec();
  const { root } = props;
  const { runId } = props.run;
  const [selected, setSelected] = React.useState<string | null>(null);
  const entry = selected === null ? undefined : lookUp(root, selected);
  const open = (path: string) =>
    void commands.execute(CommandIDs.openOutput, { runId, path });
  return (
    <>
      <Toolbar {...props} />
      <div className="jp-exec-outputs-body">
        <div className="jp-exec-outputs-list">
          <div className="jp-exec-outputs-columns" aria-hidden="true">
            <span>{trans.__('Name')}</span>
            <span className="jp-exec-outputs-size">{trans.__('Size')}</span>
            <span className="jp-exec-outputs-time">{trans.__('Modified')}</span>
            <span className="jp-exec-outputs-action" />
          </div>
          <FileTree
            root={root}
            label={trans.__('Outputs')}
            selected={selected}
            onSelect={row => setSelected(row.path)}
            onOpen={row => open(row.path)}
            icon={row => thumbnailOf(runId, row.entry)}
            columns={row => <Columns runId={runId} row={row} />}
          />
        </div>
        {entry !== undefined && !isFolder(entry) && (
          <Preview
            key={entry.path}
            runId={runId}
            file={entry}
            onOpen={() => open(entry.path)}
          />
        )}
      </div>
    </>
  );
}

function Toolbar(props: {
  run: Run;
  root: IFolder;
  isLoading: boolean;
  reload: () => void;
}): JSX.Element {
  const { model, trans } = useExec();
  const { root } = props;
  const zip = model.requester.url(['runs', props.run.runId, 'outputs'], {
    format: 'zip'
  });
  return (
    <div className="jp-exec-outputs-toolbar">
      <span role="status">
        {trans._n('1 file', '%2 files', root.count, formatCount(root.count))},{' '}
        {formatBytes(root.sizeBytes)}
      </span>
      <span className="jp-exec-outputs-buttons">
        <button
          className="jp-exec-button jp-exec-icon-button"
          aria-label={trans.__('Look again')}
          title={trans.__('Look again')}
          disabled={props.isLoading}
          onClick={props.reload}
        >
          <refreshIcon.react tag={null} />
        </button>
        <a
          className="jp-exec-button jp-exec-button-link"
          href={downloadUrl(zip)}
          download=""
        >
          {trans.__('Download all (zip)')}
        </a>
      </span>
    </div>
  );
}

function Columns(props: { runId: string; row: ITreeRow }): JSX.Element {
  const { model, trans } = useExec();
  const { entry, path } = props.row;
  return (
    <>
      <span className="jp-exec-outputs-size">
        {formatBytes(entry.sizeBytes)}
      </span>
      <span className="jp-exec-outputs-time">{timeOf(entry)}</span>
      <span className="jp-exec-outputs-action">
        {!isFolder(entry) && (
          // By keyboard it is reached in the preview.
          <a
            href={downloadUrl(model.runs.outputUrl(props.runId, path))}
            download={nameOf(path)}
            tabIndex={-1}
            aria-label={trans.__('Download %1', path)}
            title={trans.__('Download')}
            onClick={event => event.stopPropagation()}
          >
            <downloadIcon.react tag={null} />
          </a>
        )}
      </span>
    </>
  );
}
