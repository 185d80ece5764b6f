import { Notification } from '@jupyterlab/apputils';
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { screen, waitFor } from '@testing-library/react';

import { RunServer } from '../../testing/runserver';
import { RequestFailure } from '../server/errors';
import { failureFrom, loaded } from '../server/failures';
import { failureText, orNotify } from './failure';

describe('a command that fails', () => {
  let server: RunServer;
  const trans = nullTranslator.load('');

  beforeEach(() => {
    server = new RunServer();
    Notification.dismiss();
  });

  afterEach(() => server.stop());

  const close = async () => {
    screen.getByText('Close').click();
    await waitFor(() => expect(screen.queryByText('Close')).toBeNull());
  };

  it('tells that the server is away where its code cannot be loaded', async () => {
    const load = jest
      .fn<Promise<string>, []>()
      .mockRejectedValueOnce(
        Object.assign(new Error('Loading chunk 887 failed.'), {
          name: 'ChunkLoadError'
        })
      )
      .mockResolvedValueOnce('code');
    const { model } = server;
    const run = () =>
      orNotify({ model, trans }, () => loaded(model.requester, load));
    server.isDown = true;
    expect(await run()).toBeUndefined();
    await screen.findByText(
      'The Jupyter server does not answer. Is it still running?'
    );
    await close();
    server.isDown = false;
    expect(await run()).toBe('code');
  });

  it('tells in words for people what is not there', () => {
    const text = "there is no template 'x'; GET templates lists them";
    const failure = new RequestFailure('notFound', text, [], 404);
    expect(failureText(trans, failure)).toBe(
      'This is no longer on the server. Somebody may have deleted it.'
    );
  });

  it('offers to log in', async () => {
    const { model } = server;
    const failure = new RequestFailure('unauthorized', 'send a token', [], 401);
    await orNotify({ model, trans }, () => Promise.reject(failure));
    // Another that fails meanwhile says the same.
    await orNotify({ model, trans }, () => Promise.reject(failure));
    await screen.findByText('You are no longer logged in to this server.');
    screen.getByText('Log in');
    await close();
    expect(Notification.manager.count).toBe(0);
  });

  it('tells by a notification what the server has against it', async () => {
    const { model } = server;
    const failure = new RequestFailure('refused', 'it has ended', [], 409);
    await orNotify({ model, trans }, () => Promise.reject(failure));
    expect(
      Notification.manager.notifications.map(({ message }) => message)
    ).toEqual(['it has ended']);
  });

  it('asks us what is behind "Forbidden" of another route', async () => {
    const { requester } = server.model;
    const forbidden = new ServerConnection.ResponseError(
      new Response(null, { status: 403 }),
      'Forbidden'
    );
    expect(await failureFrom(forbidden, requester)).toBe(forbidden);
    server.status = 401;
    expect(await failureFrom(forbidden, requester)).toMatchObject({
      kind: 'unauthorized'
    });
  });
});
