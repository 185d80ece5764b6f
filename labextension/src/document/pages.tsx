import { launchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useExec } from '../components/context';
import { pageHref } from '../model/pages';
import type { Run } from '../types';

/** Links to the web pages that a run serves now, such as Spark's; nothing where it has none. */
export function Pages({ run }: { run: Run }): JSX.Element | null {
  const { trans } = useExec();
  const links = Object.entries(run.pages ?? {}).flatMap(([title, address]) => {
    const href = pageHref(address);
    return href === null ? [] : [{ title, href }];
  });
  return links.length === 0 ? null : (
    <ul className="jp-exec-pages" aria-label={trans.__('Pages of the run')}>
      {links.map(({ title, href }) => (
        <li key={title}>
          <a
            className="jp-exec-link"
            href={href}
            target="_blank"
            rel="noopener noreferrer"
          >
            {title}
            <launchIcon.react tag="span" aria-hidden="true" />
          </a>
        </li>
      ))}
    </ul>
  );
}
