import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { act, fireEvent } from '@testing-library/react';

import { RunServer } from '../../testing/runserver';
import { ExecSettings } from '../model/settings';
import { NOTHING_KNOWN } from './container';
import { FRAMEWORKS } from './frameworklist';
import { SubmitDialog } from './dialog';
import { SubmitModel } from './model';
import { initialState, ISubject } from './state';

it('keeps the focus where it was when the server refuses, and Escape closes it', async () => {
  const server = new RunServer();
  const trans = nullTranslator.load('jupyter-exec');
  const subject = {
    kind: 'script',
    path: 'a.py',
    folder: '',
    fileName: 'a.py',
    name: 'a.py',
    experiment: 'e',
    schema: { properties: {} },
    hints: [],
    shell: [],
    document: null,
    run: null
  } as unknown as ISubject;
  const state = initialState(subject, new ExecSettings(), {});
  const model = new SubmitModel({
    exec: server.model,
    trans,
    subject,
    initial: state,
    state,
    kernels: [],
    targets: [],
    frameworks: FRAMEWORKS,
    suggestions: { scripts: [], environments: [] },
    readText: () => Promise.resolve(''),
    known: () => Promise.resolve(NOTHING_KNOWN),
    database: null
  });
  const context = {
    model: server.model,
    trans,
    commands: new CommandRegistry()
  };
  const dialog = new SubmitDialog(context, model);
  const asked = dialog.ask();
  await act(() => dialog.ready);
  const button = dialog.node.querySelector<HTMLButtonElement>(
    '.jp-Dialog-footer .jp-mod-accept'
  )!;
  button.focus();
  server.isDown = true;
  await act(async () => {
    button.click();
    expect(button.getAttribute('aria-disabled')).toBe('true');
    // A browser takes the focus away from what is disabled.
    expect(button.disabled).toBe(false);
    expect(document.activeElement).toBe(button);
    await model.pending;
  });
  expect(button.getAttribute('aria-disabled')).toBe('false');
  expect(dialog.node.textContent).toContain('does not answer');
  expect(document.activeElement).toBe(button);
  fireEvent.keyDown(document.activeElement!, { key: 'Escape', keyCode: 27 });
  expect(await asked).toBeNull();
  server.stop();
});
