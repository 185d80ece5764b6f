import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { render, screen } from '@testing-library/react';
import * as React from 'react';

import { RunServer } from '../../testing/runserver';
import { ExecProvider } from '../components/context';
import { CompareTable } from './comparetable';
import { Comparison } from './comparison';

it('calls no runs the same that are not there', async () => {
  const server = new RunServer();
  ['a', 'b'].forEach(runId => server.add({ runId, displayName: 'one' }));
  const context = {
    model: server.model,
    commands: new CommandRegistry(),
    trans: nullTranslator.load('')
  };
  const view = (comparison: Comparison) => (
    <ExecProvider value={context}>
      <CompareTable
        runs={comparison.runs}
        onRemove={() => undefined}
        onRetry={() => undefined}
      />
    </ExecProvider>
  );
  const read = async (...runIds: string[]) => {
    const comparison = new Comparison(server.model, runIds);
    await Promise.allSettled(runIds.map(id => server.model.store.fetch(id)));
    return comparison;
  };
  const SAME = /environment and definition are the same/;
  const gone = await read('x', 'y');
  const { rerender } = render(view(gone));
  expect(screen.queryByText(SAME)).toBeNull();
  const there = await read('a', 'b');
  rerender(view(there));
  screen.getByText(SAME);
  gone.dispose();
  there.dispose();
  server.stop();
});
