import * as React from 'react';

import { loaded } from '../server/failures';
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
    const { model, trans } = useExec();
    const [, setLoaded] = React.useState(known !== null);
    const [failure, setFailure] = React.useState<Error | null>(null);
    React.useEffect(() => {
      let isShown = true;
      if (known === null && failure === null) {
        loaded(model.requester, load).then(
          module => {
            known = module.default;
            if (isShown) {
              setLoaded(true);
            }
          },
          (error: Error) => {
            if (isShown) {
              setFailure(error);
            }
          }
        );
      }
      return () => {
        isShown = false;
      };
    }, [failure]);
    const Component = known;
    if (Component !== null) {
      return <Component {...props} />;
    }
    return failure ? (
      <Failure error={failure} onRetry={() => setFailure(null)} />
    ) : (
      <div className="jp-exec-empty jp-exec-loading">
        {trans.__('Loading…')}
      </div>
    );
  };
}
