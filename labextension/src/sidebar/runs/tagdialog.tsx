import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import * as React from 'react';

import { ExecProvider, IExecContext, useExec } from '../../components/context';

/** What becomes of tags by name; null takes one away. */
export type TagChanges = Record<string, string | null>;

/**
 * Ask which tag to add to runs, and which of theirs to take away.
 *
 * @returns null where it was cancelled.
 */
export async function askForTags(
  context: IExecContext,
  runIds: readonly string[]
): Promise<TagChanges | null> {
  const { model, trans } = context;
  const known = new Set(
    runIds.flatMap(id => Object.keys(model.store.get(id)?.tags ?? {}))
  );
  const answer = await showDialog<TagChanges>({
    title: trans._n('Tag %1 run', 'Tag %1 runs', runIds.length),
    body: new TagForm(context, [...known].sort()),
    focusNodeSelector: 'input',
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Apply') })
    ]
  });
  return answer.button.accept ? answer.value : null;
}

class TagForm extends ReactWidget implements Dialog.IBodyWidget<TagChanges> {
  constructor(
    private readonly _context: IExecContext,
    private readonly _known: readonly string[]
  ) {
    super();
    this.addClass('jp-exec-tagform');
  }

  getValue(): TagChanges {
    const changes: TagChanges = {};
    this._removed.forEach(name => {
      changes[name] = null;
    });
    if (this._name.trim() !== '') {
      changes[this._name.trim()] = this._value;
    }
    return changes;
  }

  protected override render(): JSX.Element {
    return (
      <ExecProvider value={this._context}>
        <Fields
          known={this._known}
          onName={name => {
            this._name = name;
          }}
          onValue={value => {
            this._value = value;
          }}
          onRemove={(name, isRemoved) => {
            if (isRemoved) {
              this._removed.add(name);
            } else {
              this._removed.delete(name);
            }
          }}
        />
      </ExecProvider>
    );
  }

  private _name = '';
  private _value = '';
  private readonly _removed = new Set<string>();
}

function Fields(props: {
  known: readonly string[];
  onName: (name: string) => void;
  onValue: (value: string) => void;
  onRemove: (name: string, isRemoved: boolean) => void;
}): JSX.Element {
  const { trans } = useExec();
  return (
    <>
      <label>
        {trans.__('Name')}
        <input
          type="text"
          className="jp-mod-styled"
          onChange={event => props.onName(event.target.value)}
        />
      </label>
      <label>
        {trans.__('Value (may be empty)')}
        <input
          type="text"
          className="jp-mod-styled"
          onChange={event => props.onValue(event.target.value)}
        />
      </label>
      {props.known.length > 0 && (
        <fieldset>
          <legend>{trans.__('Take away')}</legend>
          {props.known.map(name => (
            <label key={name} className="jp-exec-tagform-known">
              <input
                type="checkbox"
                onChange={event => props.onRemove(name, event.target.checked)}
              />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      )}
    </>
  );
}
