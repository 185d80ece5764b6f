import * as React from 'react';

import type { IRunTabProps } from '../document/tabs';

/** The tab "Code" of a run's document. */
export default function Code(props: IRunTabProps): JSX.Element {
  return <div>{props.run.runId}</div>;
}
