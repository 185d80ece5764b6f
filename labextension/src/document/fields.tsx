import * as React from 'react';

import { useExec } from '../components/context';

/** A name and what stands for it; nothing where that is empty. */
export function Field(props: {
  name: string;
  children?: React.ReactNode;
}): JSX.Element | null {
  const { name, children } = props;
  const isEmpty =
    children === undefined || children === null || children === '';
  return isEmpty ? null : (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** A text as code; nothing where it is empty. */
export function code(text: string | null | undefined): JSX.Element | null {
  return text ? <code>{text}</code> : null;
}

/** Names and values as a table; nothing where there are none. */
export function Values(props: {
  title: string;
  values: Readonly<Record<string, unknown>>;
}): JSX.Element | null {
  const { trans } = useExec();
  const entries = Object.entries(props.values);
  if (entries.length === 0) {
    return null;
  }
  return (
    <section className="jp-exec-section">
      <h3>{props.title}</h3>
      <table className="jp-exec-values">
        <thead>
          <tr>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('Value')}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <code>
                  {typeof value === 'string' ? value : JSON.stringify(value)}
                </code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
