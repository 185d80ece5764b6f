import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { ExecModel } from '../model/exec';
import {
  defaultsOf,
  faultsOf,
  FormValues,
  IValuesSchema,
  placeFaults,
  typedValues
} from '../model/schema';
import { ExecProvider } from './context';
import { SchemaForm } from './schemaform';

const trans = nullTranslator.load('jupyter-exec');
const context = {
  model: new ExecModel(ServerConnection.makeSettings()),
  commands: new CommandRegistry(),
  trans
};
const SCHEMA: IValuesSchema = {
  properties: {
    lr: {
      type: 'number',
      default: 0.1,
      minimum: 0,
      description: 'learning <b>rate</b>'
    },
    epochs: { type: 'integer', default: 3 },
    mode: { type: 'string', enum: ['fast', 'exact'], default: 'fast' },
    verbose: { type: 'boolean', default: false },
    layers: { type: 'array', default: [1, 2], 'x-group': 'Network' },
    token: { type: 'string', format: 'password' }
  },
  required: ['token']
};

function Held(props: { onValues: (values: FormValues) => void }): JSX.Element {
  const [values, setValues] = React.useState(defaultsOf(SCHEMA));
  const change = (changed: FormValues) => {
    setValues(changed);
    props.onValues(changed);
  };
  return (
    <ExecProvider value={context}>
      <SchemaForm
        schema={SCHEMA}
        values={values}
        onChange={change}
        faults={faultsOf(SCHEMA, values, trans)}
      />
    </ExecProvider>
  );
}

describe('SchemaForm', () => {
  it('edits every type, names its fields, and shows what is wrong beside them', () => {
    let values: FormValues = {};
    render(<Held onValues={changed => (values = changed)} />);
    const type = (label: string | RegExp, text: string) =>
      fireEvent.change(screen.getByLabelText(label), {
        target: { value: text }
      });
    const lr = screen.getByLabelText<HTMLInputElement>('lr');
    expect(lr.value).toBe('0.1');
    expect(screen.getByText('learning <b>rate</b>')).toBeTruthy();
    type('lr', 'lots');
    expect(lr.value).toBe('lots');
    expect(lr.getAttribute('aria-invalid')).toBe('true');
    expect(screen.getByText('This is not a number.')).toBeTruthy();
    type('lr', '1e-3');
    type('epochs', '');
    type('layers', '[4, 5');
    expect(screen.getByText(/This is not a list/)).toBeTruthy();
    type('layers', '4, 5');
    type(/^token/, 's3cret');
    fireEvent.click(screen.getByLabelText('verbose'));
    expect(screen.getByText('Network').tagName).toBe('LEGEND');
    expect(screen.queryByRole('alert')).toBeNull();
    expect(typedValues(SCHEMA, values)).toEqual({
      lr: 0.001,
      mode: 'fast',
      verbose: true,
      layers: [4, 5],
      token: 's3cret'
    });
  });

  it('places the faults of the server', () => {
    const faults = [
      { target: 'params.lr', code: 'Invalid', message: 'lr: is too small' },
      { target: 'experiment', code: 'Invalid', message: 'has no letters' }
    ];
    const { fields, rest } = placeFaults(faults, 'params');
    expect(fields).toEqual({ lr: ['is too small'] });
    expect(rest).toEqual([faults[1]]);
  });
});
