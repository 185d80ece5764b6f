import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';

import { RunServer } from '../../testing/runserver';
import { CommandIDs } from '../commands';
import { documentPlugin } from './document';

it('opens no run without an id, and says so', async () => {
  const server = new RunServer();
  const commands = new CommandRegistry();
  const app = { commands, shell: { currentWidget: null } };
  void documentPlugin.activate(
    app as unknown as JupyterFrontEnd,
    server.model,
    null,
    null,
    null
  );
  for (const runId of ['', ' ']) {
    await commands.execute(CommandIDs.openRun, { runId });
  }
  expect(
    Notification.manager.notifications.map(({ message }) => message)
  ).toEqual([
    'No run can be opened without its id.',
    'No run can be opened without its id.'
  ]);
  expect(server.asked).toEqual([]);
  server.stop();
});
