import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { screen, waitFor } from '@testing-library/react';

import { RunServer } from '../../../testing/runserver';
import { deleteRuns } from './actions';

describe('deleteRuns', () => {
  let server: RunServer;

  beforeEach(() => {
    server = new RunServer();
  });

  afterEach(() => server.stop());

  /** Ask for it, and say yes. */
  async function confirm(runIds: readonly string[]): Promise<() => boolean> {
    const trans = nullTranslator.load('jupyter-exec');
    const commands = new CommandRegistry();
    let isDone = false;
    void deleteRuns({ model: server.model, commands, trans }, runIds).then(
      () => (isDone = true)
    );
    const keep = await screen.findByText('Keep');
    await waitFor(() =>
      expect(document.activeElement).toBe(keep.closest('button'))
    );
    screen.getByText('Delete').click();
    return () => isDone;
  }

  it('takes what somebody else has deleted as done', async () => {
    server.add({ runId: 'a' });
    const isDone = await confirm(['a', 'gone']);
    await waitFor(() => expect(isDone()).toBe(true));
    expect(server.runs).toEqual([]);
  });

  it('offers to log in', async () => {
    server.add({ runId: 'a' });
    server.status = 401;
    const isDone = await confirm(['a']);
    await screen.findByText('You are no longer logged in to this server.');
    screen.getByText('Log in');
    screen.getByText('Close').click();
    await waitFor(() => expect(isDone()).toBe(true));
  });
});
