import '../../style/environment.css';

import { Clipboard } from '@jupyterlab/apputils';
import * as React from 'react';

import { useExec } from '../components/context';
import { useAsync } from '../components/hooks';
import { Failure } from '../components/notice';
import { NamedLog } from '../logs/namedlog';
import { isTerminal } from '../model/lifecycle';
import { RequestFailure } from '../server/errors';
import type { Run, RunLock } from '../types';
import { ENVIRONMENT_LOG, kindText, packagesOf } from './environmentfacts';
import { code, Field } from './fields';
import type { IRunTabProps } from './tabs';

/** The tab "Environment" of a run's document: what it turned out to be, its packages, its log. */
export default function Environment(props: IRunTabProps): JSX.Element {
  const { model, trans } = useExec();
  const { run, isDeleted } = props;
  const { runId, status, attempt } = run;
  const { data, error, reload } = useAsync(
    () => model.runs.environment(runId),
    [model, runId, status, attempt]
  );
  const isMissing =
    error instanceof RequestFailure && error.kind === 'notFound';
  return (
    <div className="jp-exec-environment">
      <section className="jp-exec-section">
        <h3>{trans.__('What it turned out to be')}</h3>
        {data ? (
          <Facts run={run} lock={data} />
        ) : (
          isMissing && (
            <p className="jp-exec-environment-none">
              {isTerminal(status)
                ? trans.__('Nothing was made ready for this run.')
                : trans.__('It is not ready yet.')}
            </p>
          )
        )}
        {error && !isMissing && !isDeleted && (
          <Failure error={error} onRetry={reload} />
        )}
      </section>
      {data?.lock && <Lock lock={data.lock} />}
      <section className="jp-exec-section jp-exec-environment-build">
        <h3>{trans.__('How it was made')}</h3>
        <NamedLog run={run} isDeleted={isDeleted} name={ENVIRONMENT_LOG}>
          {trans.__('It was there already: nothing had to be made.')}
        </NamedLog>
      </section>
    </div>
  );
}

function Facts(props: { run: Run; lock: RunLock }): JSX.Element {
  const { trans } = useExec();
  const { kind, python, hash, images = [] } = props.lock;
  const asked = props.run.definition.configuration?.environment;
  const { name, version, docker } = asked ?? {};
  const isAsked = kind === 'image' && images.length === 0;
  return (
    <dl className="jp-exec-fields">
      <Field name={trans.__('Kind')}>{kindText(trans, kind)}</Field>
      <Field name={trans.__('Named environment')}>
        {name && version
          ? trans.__('%1, version %2', name, version)
          : (name ?? null)}
      </Field>
      <Field name={trans.__('Python version')}>{python}</Field>
      <Field name={trans.__('Image')}>
        {isAsked ? code(docker?.baseImage) : null}
      </Field>
      {images.map((image, index) => (
        <React.Fragment key={index}>
          <Field name={trans.__('Image')}>{code(image.reference)}</Field>
          <Field name={trans.__('Digest')}>{code(image.digest)}</Field>
          <Field name={trans.__('Image id')}>{code(image.id)}</Field>
        </React.Fragment>
      ))}
      <Field name={trans.__('Built environment')}>{code(hash)}</Field>
    </dl>
  );
}

/** Every package; a repetition gets the same. */
function Lock({ lock }: { lock: string }): JSX.Element {
  const { trans } = useExec();
  const [isOpen, setOpen] = React.useState(false);
  const [isCopied, setCopied] = React.useState(false);
  const count = React.useMemo(() => packagesOf(lock), [lock]);
  const copy = () => {
    Clipboard.copyToSystem(lock);
    setCopied(true);
  };
  return (
    <section className="jp-exec-section">
      <h3>{trans.__('Packages')}</h3>
      <div className="jp-exec-raw-head">
        <button
          className="jp-exec-button"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? trans.__('Hide the lock') : trans.__('Show the lock')}
        </button>
        <button
          className="jp-exec-button"
          onClick={copy}
          onBlur={() => setCopied(false)}
        >
          {isCopied ? trans.__('Copied') : trans.__('Copy the lock')}
        </button>
        <span className="jp-exec-environment-count">
          {count > 0 && trans._n('%1 package', '%1 packages', count)}
        </span>
      </div>
      {isOpen && (
        <pre
          className="jp-exec-lock"
          aria-label={trans.__('Lock')}
          tabIndex={0}
        >
          {lock}
        </pre>
      )}
    </section>
  );
}
