import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { ExecModel } from '../model/exec';
import { ExecProvider } from './context';
import { lazily } from './lazily';

function Hello({ name }: { name: string }): JSX.Element {
  return <p>Hello {name}</p>;
}

describe('lazily', () => {
  const model = new ExecModel(ServerConnection.makeSettings());
  const context = {
    model,
    commands: new CommandRegistry(),
    trans: nullTranslator.load('')
  };
  const show = (view: JSX.Element) =>
    render(<ExecProvider value={context}>{view}</ExecProvider>);

  afterAll(() => model.dispose());

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

  it('says that the code cannot be loaded, and tries again', async () => {
    const load = jest
      .fn<Promise<{ default: typeof Hello }>, []>()
      .mockRejectedValueOnce(new Error('ChunkLoadError'))
      .mockResolvedValueOnce({ default: Hello });
    const Lazy = lazily(load);
    show(<Lazy name="one" />);
    await screen.findByRole('alert');
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByText('Hello one');
  });
});
