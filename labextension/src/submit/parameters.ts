/** The parameters of a notebook, as the schema of a form. No DOM. */
import type { INotebookContent } from '@jupyterlab/nbformat';

import { IPropertySchema, IValuesSchema, typed } from '../model/schema';
import type { Requester } from '../server/request';
import type { TemplateDraft } from '../types';
import { parametersNotebook } from './cells';

type Parameter = NonNullable<TemplateDraft['parameters']>[number];

/** What a notebook says of its parameters. */
export interface IDeclared {
  readonly schema: IValuesSchema;
  readonly hints: readonly string[];
}

/** No parameters. */
export const NOTHING_DECLARED: IDeclared = {
  schema: { properties: {} },
  hints: []
};

/** Ask the server for what the parameters cell of a notebook declares; nothing is executed or stored. */
export async function declaredParameters(
  notebook: INotebookContent,
  fileName: string,
  requester: Requester
): Promise<IDeclared> {
  const cells = parametersNotebook(notebook);
  if (cells.cells.length === 0) {
    return NOTHING_DECLARED;
  }
  const draft = await requester.write<TemplateDraft>(
    'POST',
    ['template-drafts'],
    { notebook: cells, fileName }
  );
  const configuration = (
    draft.run?.['definition'] as
      { configuration?: { parameters?: Record<string, unknown> } } | undefined
  )?.configuration;
  const own = configuration?.parameters ?? {};
  const parameters = (draft.parameters ?? []).filter(({ name }) => name in own);
  return {
    schema: {
      properties: Object.fromEntries(
        parameters.map(parameter => [parameter.name, propertyOf(parameter)])
      )
    },
    hints: draft.hints ?? []
  };
}

/** The schema of one parameter. Source: `property_schema` in `jupyter_exec/model/parameters.py`. */
function propertyOf(parameter: Parameter): IPropertySchema {
  const bare = { type: parameter.type ?? 'string' } as const;
  return {
    ...bare,
    ...(parameter.label ? { title: parameter.label } : {}),
    ...(parameter.description ? { description: parameter.description } : {}),
    ...(parameter.enum ? { enum: parameter.enum } : {}),
    ...(parameter.value === null || parameter.value === undefined
      ? {}
      : { default: defaultOf(bare, parameter.value) })
  };
}

function defaultOf(property: IPropertySchema, value: unknown): unknown {
  if (property.type === 'boolean') {
    return value === true || value === 'true';
  }
  return typed(property, value);
}

/** The schema of parameters of which only the values are known: those of an old run. */
export function schemaOfValues(
  values: Readonly<Record<string, unknown>>
): IValuesSchema {
  const typeOf = (value: unknown): IPropertySchema['type'] | null => {
    if (Array.isArray(value)) {
      return 'array';
    }
    const kind = typeof value;
    return kind === 'number' || kind === 'boolean' || kind === 'string'
      ? kind
      : null;
  };
  const known = Object.entries(values).flatMap(([name, value]) => {
    const type = typeOf(value);
    return type === null ? [] : [[name, { type }] as const];
  });
  return { properties: Object.fromEntries(known) };
}
