import { Notification } from '@jupyterlab/apputils';
import * as React from 'react';

import { useExec } from '../components/context';
import { UnifiedDiff } from '../components/diff';
import { formatTime } from '../components/format';
import { useAsync } from '../components/hooks';
import { Empty, Failure } from '../components/notice';
import { RequestFailure } from '../server/errors';
import type { Template } from '../types';

/** A template's versions, what differs between any two of them, and the way back to one. */
export function TemplateHistory({ name }: { name: string }): JSX.Element {
  const { model, trans } = useExec();
  const { data, error, reload } = useAsync(
    () => readHistory(model.templates.api, name),
    [model, name]
  );
  React.useEffect(() => {
    const onChanged = (_: unknown, changed: string) => {
      if (changed === name) {
        reload();
      }
    };
    model.templates.changed.connect(onChanged);
    return () => {
      model.templates.changed.disconnect(onChanged);
    };
  }, [model, name, reload]);
  if (error !== null) {
    return <Failure error={error} onRetry={reload} />;
  }
  if (data === undefined) {
    return (
      <div className="jp-exec-empty" role="status">
        {trans.__('Reading the versions…')}
      </div>
    );
  }
  return <Versions key={data.versions.length} name={name} {...data} />;
}

interface IHistory {
  /** Newest first. */
  readonly versions: readonly Template[];
  readonly isDeleted: boolean;
}

async function readHistory(
  api: {
    get(name: string): Promise<Template>;
    versions(name: string): Promise<Template[]>;
  },
  name: string
): Promise<IHistory> {
  const [versions, isDeleted] = await Promise.all([
    api.versions(name),
    api.get(name).then(
      () => false,
      (error: Error) => {
        if (error instanceof RequestFailure && error.kind === 'notFound') {
          return true;
        }
        throw error;
      }
    )
  ]);
  return { versions, isDeleted };
}

function Versions(props: IHistory & { name: string }): JSX.Element {
  const { model, trans } = useExec();
  const { name, versions, isDeleted } = props;
  const newest = versions[0].version;
  const [from, setFrom] = React.useState(Math.max(1, newest - 1));
  const [to, setTo] = React.useState(newest);
  const [failure, setFailure] = React.useState<Error | null>(null);

  // Of one alone nothing is to be compared.
  const isSeveral = versions.length > 1;
  const choices = (version: number) =>
    isSeveral
      ? ([
          [from, setFrom, trans.__('From version %1', version)],
          [to, setTo, trans.__('To version %1', version)]
        ] as const)
      : [];

  const restore = async (version: number) => {
    setFailure(null);
    try {
      const restored = await model.templates.restore(name, version);
      Notification.success(
        trans.__(
          'Version %1 is the newest again, as version %2',
          version,
          restored.version
        ),
        { autoClose: 5000 }
      );
    } catch (error) {
      setFailure(error as Error);
    }
  };

  return (
    <div className="jp-exec-template-history">
      <h2>{name}</h2>
      {isDeleted && (
        <p className="jp-exec-template-note">
          {trans.__(
            'This template was deleted. Restoring a version brings it back.'
          )}
        </p>
      )}
      {failure && <Failure error={failure} />}
      <div className="jp-exec-template-history-table">
        <table aria-label={trans.__('Versions')}>
          <thead>
            <tr>
              {isSeveral && (
                <>
                  <th>{trans.__('From')}</th>
                  <th>{trans.__('To')}</th>
                </>
              )}
              <th>{trans.__('Version')}</th>
              <th>{trans.__('When')}</th>
              <th>{trans.__('What')}</th>
              <th aria-label={trans.__('Actions')} />
            </tr>
          </thead>
          <tbody>
            {versions.map(({ version, action, createdAt }) => (
              <tr
                key={version}
                data-chosen={isSeveral && (version === from || version === to)}
              >
                {choices(version).map(([chosen, choose, label], index) => (
                  <td key={index}>
                    <input
                      type="radio"
                      name={index === 0 ? 'from' : 'to'}
                      aria-label={label}
                      checked={version === chosen}
                      onChange={() => choose(version)}
                    />
                  </td>
                ))}
                <td>
                  {isSeveral ? (
                    <button
                      className="jp-exec-plainlink"
                      title={trans.__('Show what this version changed')}
                      onClick={() => {
                        setFrom(Math.max(1, version - 1));
                        setTo(version);
                      }}
                    >
                      {String(version)}
                    </button>
                  ) : (
                    String(version)
                  )}
                </td>
                <td className="jp-exec-template-history-time">
                  {formatTime(createdAt)}
                </td>
                <td>{actionText(trans, action)}</td>
                <td>
                  {(version !== newest || isDeleted) && (
                    <button
                      className="jp-exec-button"
                      aria-label={trans.__('Restore version %1', version)}
                      onClick={() => void restore(version)}
                    >
                      {trans.__('Restore')}
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Difference name={name} from={from} to={to} />
    </div>
  );
}

function actionText(
  trans: { __(text: string): string },
  action: Template['action']
): string {
  const words: Record<Template['action'], string> = {
    create: trans.__('created'),
    update: trans.__('changed'),
    restore: trans.__('restored')
  };
  return words[action];
}

function Difference(props: {
  name: string;
  from: number;
  to: number;
}): JSX.Element {
  const { model, trans } = useExec();
  const { name, from, to } = props;
  const { data, error, reload } = useAsync(
    () => model.templates.api.diff(name, from, to),
    [model, name, from, to]
  );
  if (error !== null) {
    return <Failure error={error} onRetry={reload} />;
  }
  if (from === to) {
    return (
      <Empty
        title={
          to === 1
            ? trans.__('This is the first version.')
            : trans.__('Choose two versions.')
        }
      />
    );
  }
  return (
    <section className="jp-exec-template-history-diff" aria-live="polite">
      <h3>{trans.__('From version %1 to version %2', from, to)}</h3>
      {data === '' ? (
        <p>{trans.__('These versions are the same.')}</p>
      ) : (
        <UnifiedDiff text={data ?? ''} />
      )}
    </section>
  );
}
