import * as React from 'react';

import type { IRunTabProps } from '../document/tabs';

/** The tab "Outputs" of a run's document. */
export default function Outputs(props: IRunTabProps): JSX.Element {
  return <div>{props.run.runId}</div>;
}
