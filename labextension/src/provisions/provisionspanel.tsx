import '../../style/targets.css';

import '../../style/provisions.css';

import { Time } from '@jupyterlab/coreutils';
import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { formatBytes, formatTime } from '../components/format';
import { useSignal } from '../components/hooks';
import { Failure } from '../components/notice';
import { kindText } from '../document/environmentfacts';
import { ProvisionsModel } from '../model/provisions';
import type { BuiltEnvironment, Datastore, EnvironmentView } from '../types';

/** Built environments that are listed, those that were used last. */
const LISTED = 50;

/** The section of the sidebar about what runs are provided with: environments and datastores. */
export default function ProvisionsPanel(): JSX.Element {
  const { model, trans } = useExec();
  const [provisions, setProvisions] = React.useState<ProvisionsModel | null>(
    null
  );
  const root = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const fresh = new ProvisionsModel(model.runs, model.store);
    setProvisions(fresh);
    let isSeen = false;
    const update = () => {
      fresh.isVisible = isSeen && document.visibilityState === 'visible';
    };
    const observer = new IntersectionObserver(entries => {
      isSeen = entries[entries.length - 1].isIntersecting;
      update();
    });
    observer.observe(root.current as Element);
    document.addEventListener('visibilitychange', update);
    return () => {
      observer.disconnect();
      document.removeEventListener('visibilitychange', update);
      fresh.dispose();
    };
  }, [model]);
  return (
    <div
      className="jp-exec-targets jp-exec-provisions"
      ref={root}
      aria-label={trans.__('Environments and data')}
    >
      {provisions && <Provisions model={provisions} />}
    </div>
  );
}

function Provisions({ model }: { model: ProvisionsModel }): JSX.Element {
  const { trans } = useExec();
  useSignal(model.changed);
  const { environments, datastores, error } = model;
  const built = [...(environments?.built ?? [])].sort((a, b) =>
    b.lastUsedAt.localeCompare(a.lastUsedAt)
  );
  return (
    <>
      {error !== null && (
        <Failure error={error} onRetry={() => model.refresh()} />
      )}
      {environments && (
        <Part
          title={trans.__('Named environments')}
          none={trans.__('None. A run whose environment has a name makes one.')}
          isEmpty={environments.named.length === 0}
          action={
            <button
              className="jp-exec-iconbutton"
              title={trans.__('Refresh environments and datastores')}
              aria-label={trans.__('Refresh environments and datastores')}
              onClick={() => model.refresh()}
            >
              <refreshIcon.react tag="span" />
            </button>
          }
        >
          {environments.named.map(each => (
            <Named key={each.environmentId} environment={each} />
          ))}
        </Part>
      )}
      {environments && (
        <Part
          title={trans.__('Built environments')}
          none={trans.__('None. The first run that needs packages builds one.')}
          isEmpty={built.length === 0}
        >
          {built.slice(0, LISTED).map(each => (
            <Built key={each.hash} environment={each} />
          ))}
          {built.length > LISTED && (
            <li>{trans.__('and %1 more', built.length - LISTED)}</li>
          )}
        </Part>
      )}
      {datastores && (
        <Part
          title={trans.__('Datastores')}
          none={trans.__(
            'None. The operator names them in ExecApp.datastores.'
          )}
          isEmpty={datastores.length === 0}
          action={
            datastores.length > 0 && (
              <button
                className="jp-exec-textbutton"
                disabled={model.isChecking}
                title={trans.__('Ask each whether it answers')}
                onClick={() => void model.check()}
              >
                {model.isChecking ? trans.__('Checking…') : trans.__('Check')}
              </button>
            )
          }
        >
          {datastores.map(each => (
            <Store key={each.name} store={each} />
          ))}
        </Part>
      )}
    </>
  );
}

function Part(props: {
  title: string;
  none: string;
  isEmpty: boolean;
  action?: React.ReactNode;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <section className="jp-exec-target" aria-label={props.title}>
      <div className="jp-exec-target-head">
        <h4>{props.title}</h4>
        {props.action}
      </div>
      {props.isEmpty ? (
        <p className="jp-exec-target-shared">{props.none}</p>
      ) : (
        <ul>{props.children}</ul>
      )}
    </section>
  );
}

function Named(props: { environment: EnvironmentView }): JSX.Element {
  const { trans } = useExec();
  const { name, version, definition, environmentSpec } = props.environment;
  const image = definition?.docker?.baseImage ?? environmentSpec.image;
  const interpreter = definition?.python?.interpreterPath;
  const what =
    image ||
    interpreter ||
    (definition?.docker?.baseDockerfile
      ? trans.__('image of a Dockerfile')
      : trans.__('packages'));
  return (
    <li>
      <span className="jp-exec-provision-name" title={name}>
        {name}
      </span>
      {version && (
        <span className="jp-exec-target-need">
          {trans.__('version %1', version)}
        </span>
      )}
      <span className="jp-exec-provision-detail" title={what}>
        {what}
      </span>
    </li>
  );
}

function Built(props: { environment: BuiltEnvironment }): JSX.Element {
  const { commands, trans } = useExec();
  const { hash, kind, python, sizeBytes, lastUsedAt, runs, usedBy } =
    props.environment;
  const about = [
    kindText(trans, kind),
    trans.__('Last used: %1', formatTime(lastUsedAt)),
    hash
  ];
  const [newest] = usedBy;
  return (
    <li title={about.join('\n')}>
      <span className="jp-exec-provision-name">
        {trans.__('Python %1', python)}
      </span>
      <span className="jp-exec-target-need">{formatBytes(sizeBytes)}</span>
      <span className="jp-exec-provision-detail">
        {trans.__('used %1', Time.formatHuman(lastUsedAt))}
        {' · '}
        {newest === undefined ? (
          trans.__('no run')
        ) : (
          <button
            className="jp-exec-plainlink"
            title={trans.__('Open the newest run that has used it')}
            onClick={() =>
              void commands.execute(CommandIDs.openRun, {
                runId: newest,
                tab: 'environment'
              })
            }
          >
            {trans._n('%1 run', '%1 runs', runs)}
          </button>
        )}
      </span>
    </li>
  );
}

function Store({ store }: { store: Datastore }): JSX.Element {
  const { trans } = useExec();
  const { name, url, readOnly, reachable, error } = store;
  const state =
    reachable === true
      ? trans.__('answers')
      : readOnly
        ? trans.__('read-only')
        : '';
  return (
    <li>
      <span className="jp-exec-provision-name" title={name}>
        {name}
      </span>
      <span className="jp-exec-target-need" role="status">
        {state}
      </span>
      {url && (
        <span className="jp-exec-provision-detail" title={url}>
          {url}
        </span>
      )}
      {error && <span className="jp-exec-provision-error">{error}</span>}
    </li>
  );
}
