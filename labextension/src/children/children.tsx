import * as React from 'react';

import type { IRunTabProps } from '../document/tabs';

/** The tab "Children" of a run's document. */
export default function Children(props: IRunTabProps): JSX.Element {
  return <div>{props.run.runId}</div>;
}
