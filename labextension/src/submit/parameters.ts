/** The parameters of a notebook, as the schema of a form. No DOM. */
import { PathExt } from '@jupyterlab/coreutils';
import type { INotebookContent } from '@jupyterlab/nbformat';

import { IPropertySchema, IValuesSchema, typed } from '../model/schema';
import { RequestFailure } from '../server/errors';
import type { Requester } from '../server/request';
import type { TemplateDraft } from '../types';
import { parametersNotebook, sourceOf } from './cells';

type Parameter = NonNullable<TemplateDraft['parameters']>[number];

/** What a notebook says of its parameters. */
export interface IDeclared {
  readonly schema: IValuesSchema;
  readonly hints: readonly string[];
  /** Those whose default can be given to a run without changing what the notebook does. */
  readonly exact: readonly string[];
}

/** No parameters. */
export const NOTHING_DECLARED: IDeclared = {
  schema: { properties: {} },
  hints: [],
  exact: []
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
    hints: draft.hints ?? [],
    exact: exactNames(parameters, cells.cells.map(sourceOf).join('\n'))
  };
}

/**
 * Parameters of which JSON carries the default as it is: no tuple, which would become a list, no
 * `2.0`, which would become `2`, and none that the cell mentions again, to compute with it.
 */
function exactNames(
  parameters: readonly Parameter[],
  source: string
): readonly string[] {
  const lines = source.replace(/#.*$/gm, '');
  const isExact = ({ name, type, value }: Parameter) => {
    if (value === null || value === undefined || !/^\w+$/.test(name)) {
      return false;
    }
    const mentions = lines.match(new RegExp(`\\b${name}\\b`, 'g')) ?? [];
    const number = Number(value);
    const isKept =
      type === 'integer' || type === 'number'
        ? /^-?\d+$/.test(String(value))
          ? Number.isSafeInteger(number)
          : !Number.isInteger(number)
        : type !== 'array' ||
          new RegExp(`^${name}\\s*(:[^=]*)?=\\s*\\[`, 'm').test(lines);
    return isKept && mentions.length === 1;
  };
  return parameters.filter(isExact).map(({ name }) => name);
}

/** What a notebook declares; where the server will not tell, its reason as a hint. */
export async function declaredOrHint(
  content: INotebookContent,
  name: string,
  requester: Requester
): Promise<IDeclared> {
  try {
    return await declaredParameters(content, name, requester);
  } catch (error) {
    const refused = ['refused', 'forbidden', 'noRoute', 'notFound'];
    if (error instanceof RequestFailure && refused.includes(error.kind)) {
      return { ...NOTHING_DECLARED, hints: [error.message] };
    }
    throw error;
  }
}

/** What the notebook declares that a run has executed: read from the run's snapshot. */
export async function snapshotParameters(
  snapshotId: string,
  script: string,
  requester: Requester
): Promise<IDeclared> {
  const content = await requester.get<INotebookContent>([
    'snapshots',
    snapshotId,
    'files',
    ...script.split('/')
  ]);
  return declaredOrHint(content, PathExt.basename(script), requester);
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
