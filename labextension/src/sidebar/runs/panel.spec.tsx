import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { render, screen } from '@testing-library/react';
import * as React from 'react';

import { RunServer } from '../../../testing/runserver';
import { CommandIDs } from '../../commands';
import { ExecProvider } from '../../components/context';
import { RunTree } from '../../model/runtree';
import { Selection } from '../../model/selection';
import { RunsPanel } from './panel';

it('tells in an empty list how a first run is made', async () => {
  const server = new RunServer();
  await server.start();
  const { model } = server;
  const commands = new CommandRegistry();
  let asked = 0;
  commands.addCommand(CommandIDs.newRun, { execute: () => (asked += 1) });
  const tree = new RunTree(model);
  await tree.load(tree.row(0)!);
  render(
    <ExecProvider value={{ model, commands, trans: nullTranslator.load('') }}>
      <RunsPanel tree={tree} selection={new Selection(model.store)} />
    </ExecProvider>
  );
  const load = await screen.findByText('%load_ext jupyter_exec');
  const submit = screen.getByText('%%submit');
  // Without the first the second is unknown.
  expect(
    load.compareDocumentPosition(submit) & Node.DOCUMENT_POSITION_FOLLOWING
  ).toBeTruthy();
  screen.getByText('New run…').click();
  expect(asked).toBe(1);
  tree.dispose();
  server.stop();
});
