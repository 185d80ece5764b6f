import * as React from 'react';

import type { IRunTabProps } from '../document/tabs';

/** The tab "Logs" of a run's document. */
export default function Logs(props: IRunTabProps): JSX.Element {
  return <div>{props.run.runId}</div>;
}
