import * as React from 'react';

import { CommandIDs } from '../commands';
import { useExec } from '../components/context';
import { Failure } from '../components/notice';
import { lineOf } from '../model/yamlplace';
import { RequestFailure } from '../server/errors';
import type { TemplateEditor } from './templateeditor';

/** Above the text: what can be done with it, and what is wrong with it. */
export function EditorHead({
  editor
}: {
  editor: TemplateEditor;
}): JSX.Element {
  const { commands, trans } = useExec();
  const { name, failure } = editor;
  return (
    <div className="jp-exec-yaml-head">
      <div className="jp-exec-yaml-bar">
        <button
          className="jp-exec-button jp-exec-primary"
          disabled={
            !editor.isLoaded ||
            editor.isBusy ||
            (name !== null && !editor.isDirty)
          }
          onClick={() => void editor.save()}
        >
          {trans.__('Save')}
        </button>
        {name !== null && (
          <>
            <button
              className="jp-exec-button"
              disabled={editor.isDirty}
              title={
                editor.isDirty
                  ? trans.__('Save it first, so that the form has the changes')
                  : undefined
              }
              onClick={() =>
                void commands.execute(CommandIDs.runTemplate, { name })
              }
            >
              {trans.__('Run…')}
            </button>
            <button
              className="jp-exec-button"
              onClick={() =>
                void commands.execute(CommandIDs.templateHistory, { name })
              }
            >
              {trans.__('History')}
            </button>
          </>
        )}
        <span className="jp-exec-yaml-state" role="status">
          {stateText(editor, trans)}
        </span>
      </div>
      {editor.isBehind && (
        <div className="jp-exec-template-note" role="status">
          {trans.__(
            'There is a newer version. Saving makes this text the next one.'
          )}{' '}
          <button className="jp-exec-button" onClick={() => void editor.load()}>
            {trans.__('Discard mine and read it')}
          </button>
        </div>
      )}
      {editor.hints.length > 0 && name === null && (
        <ul className="jp-exec-template-note" aria-label={trans.__('Hints')}>
          {editor.hints.map((hint, index) => (
            <li key={index}>{hint}</li>
          ))}
        </ul>
      )}
      {failure !== null &&
        (failure instanceof RequestFailure && failure.kind === 'refused' ? (
          <Faults editor={editor} failure={failure} />
        ) : (
          <Failure
            error={failure}
            isWriting={editor.isLoaded}
            onRetry={() =>
              void (editor.isLoaded ? editor.save() : editor.load())
            }
          />
        ))}
    </div>
  );
}

function stateText(
  editor: TemplateEditor,
  trans: { __(text: string): string }
): string {
  if (editor.isBusy) {
    return editor.isLoaded ? trans.__('Saving…') : trans.__('Reading…');
  }
  if (editor.failure !== null) {
    return editor.isLoaded ? trans.__('Not saved') : '';
  }
  if (editor.name === null) {
    return trans.__('Not saved yet');
  }
  return editor.isDirty ? trans.__('Changed') : trans.__('Saved');
}

/** What the server has against the text, each with its place. */
function Faults(props: {
  editor: TemplateEditor;
  failure: RequestFailure;
}): JSX.Element {
  const { trans } = useExec();
  const { editor, failure } = props;
  const faults =
    failure.faults.length > 0
      ? failure.faults
      : [{ target: null, message: failure.message }];
  return (
    <div className="jp-exec-failure jp-exec-yaml-faults" role="alert">
      <div>{trans.__('This is not saved:')}</div>
      <ul>
        {faults.map((fault, index) => {
          const line = placeOf(editor.text, fault.target, fault.message);
          return (
            <li key={index}>
              {line !== null && (
                <button
                  className="jp-exec-plainlink"
                  onClick={() => editor.reveal(line)}
                >
                  {trans.__('Line %1', line + 1)}
                </button>
              )}
              {fault.target && <code>{fault.target}</code>}
              <span>{fault.message}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function placeOf(
  text: string,
  target: string | null | undefined,
  message: string
): number | null {
  // Of YAML that cannot be read, the message says where the mistake begins.
  const said = /\bline (\d+)/.exec(message);
  if (said) {
    return Number(said[1]) - 1;
  }
  return target ? lineOf(text, target) : null;
}
