import * as React from 'react';

import { useExec } from '../components/context';

/** The section "Targets" of the sidebar. */
export default function TargetsPanel(): JSX.Element {
  const { trans } = useExec();
  return <div className="jp-exec-empty">{trans.__('Targets')}</div>;
}
