import * as React from 'react';

import type { IRunTabProps } from '../document/tabs';

/** The tab "Metrics" of a run's document. */
export default function Metrics(props: IRunTabProps): JSX.Element {
  return <div>{props.run.runId}</div>;
}
