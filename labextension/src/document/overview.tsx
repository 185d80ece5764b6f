import * as React from 'react';

import type { IRunTabProps } from '../document/tabs';

/** The tab "Overview" of a run's document. */
export default function Overview(props: IRunTabProps): JSX.Element {
  return <div>{props.run.runId}</div>;
}
