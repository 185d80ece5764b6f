import * as React from 'react';

import { useExec } from '../components/context';

/** The section "Templates" of the sidebar. */
export default function TemplatesPanel(): JSX.Element {
  const { trans } = useExec();
  return <div className="jp-exec-empty">{trans.__('Templates')}</div>;
}
