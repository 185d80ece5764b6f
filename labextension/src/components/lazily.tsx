import * as React from 'react';

import { useExec } from './context';
import { Failure } from './notice';

/**
 * A component whose code is loaded when it is first shown.
 *
 * Unlike `React.lazy` it survives that the code cannot be loaded, as while the server is away: it
 * says so, and tries again when asked.
 *
 * @param load - imports a module whose default export is the component.
 */
export function lazily<P extends object>(
  load: () => Promise<{ default: React.ComponentType<P> }>
): React.FunctionComponent<P> {
  let known: React.ComponentType<P> | null = null;
  return function Lazily(props: P): JSX.Element {
    const { trans } = useExec();
    const [, setLoaded] = React.useState(known !== null);
    const [hasFailed, setFailed] = React.useState(false);
    React.useEffect(() => {
      let isShown = true;
      if (known === null && !hasFailed) {
        load().then(
          module => {
            known = module.default;
            if (isShown) {
              setLoaded(true);
            }
          },
          () => {
            if (isShown) {
              setFailed(true);
            }
          }
        );
      }
      return () => {
        isShown = false;
      };
    }, [hasFailed]);
    const Component = known;
    if (Component !== null) {
      return <Component {...props} />;
    }
    return hasFailed ? (
      <Failure
        error={
          new Error(
            trans.__('This part could not be loaded. Is the server running?')
          )
        }
        onRetry={() => setFailed(false)}
      />
    ) : (
      <div className="jp-exec-empty jp-exec-loading">
        {trans.__('Loading…')}
      </div>
    );
  };
}
