import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { RunServer } from '../../testing/runserver';
import { ExecProvider } from './context';
import { lazily } from './lazily';

function Hello({ name }: { name: string }): JSX.Element {
  return <p>Hello {name}</p>;
}

describe('lazily', () => {
  const server = new RunServer();
  const { model } = server;
  const context = {
    model,
    commands: new CommandRegistry(),
    trans: nullTranslator.load('')
  };
  const show = (view: JSX.Element) =>
    render(<ExecProvider value={context}>{view}</ExecProvider>);

  afterAll(() => server.stop());

  it('loads once, when it is first shown', async () => {
    const load = jest.fn(async () => ({ default: Hello }));
    const Lazy = lazily(load);
    expect(load).not.toHaveBeenCalled();
    const { unmount } = show(<Lazy name="one" />);
    await screen.findByText('Hello one');
    unmount();
    show(<Lazy name="two" />);
    screen.getByText('Hello two');
    expect(load).toHaveBeenCalledTimes(1);
  });

  /** As the bundler rejects where a script cannot be loaded. */
  function chunkError(): Error {
    const error = new Error('Loading chunk 887 failed.');
    error.name = 'ChunkLoadError';
    return error;
  }

  it('says that the server is away, and tries again', async () => {
    const load = jest
      .fn<Promise<{ default: typeof Hello }>, []>()
      .mockRejectedValueOnce(chunkError())
      .mockResolvedValueOnce({ default: Hello });
    const Lazy = lazily(load);
    server.isDown = true;
    show(<Lazy name="one" />);
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('The Jupyter server does not answer.');
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByText('Hello one');
    server.isDown = false;
  });

  it('tries again by itself when the server is back', async () => {
    const load = jest
      .fn<Promise<{ default: typeof Hello }>, []>()
      .mockRejectedValueOnce(chunkError())
      .mockResolvedValueOnce({ default: Hello });
    const Lazy = lazily(load);
    server.isDown = true;
    await server.start();
    show(<Lazy name="one" />);
    await screen.findByRole('alert');
    server.isDown = false;
    server.model.stream.retry();
    await screen.findByText('Hello one');
  });

  it('says that the page is old where the server answers', async () => {
    const Lazy = lazily<object>(() => Promise.reject(chunkError()));
    show(<Lazy />);
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('Reload the page.');
  });
});
