/** What differs between runs, as rows of a table: parameters, arguments, definition, environment. No DOM. */
import { textOf } from '../charts/axis';
import type { Run } from '../types';

export type SectionId =
  'run' | 'parameters' | 'arguments' | 'definition' | 'environment';

/** A field with its value in each run; null where a run lacks it. */
export interface IRow {
  readonly section: SectionId;
  readonly name: string;
  readonly values: readonly (string | null)[];
  readonly differs: boolean;
}

const SECTIONS: readonly SectionId[] = [
  'parameters',
  'arguments',
  'environment',
  'definition',
  'run'
];

type Fields = Map<string, string>;

/** All fields that one of the runs has, section by section. A run that is not there has none. */
export function fieldsOf(runs: readonly (Run | undefined)[]): IRow[] {
  const tables = runs.map(run => (run === undefined ? null : read(run)));
  return SECTIONS.flatMap(section => {
    const names = new Set<string>();
    for (const table of tables) {
      table?.[section].forEach((_, name) => names.add(name));
    }
    return [...names].map((name): IRow => {
      const values = tables.map(table => table?.[section].get(name) ?? null);
      const known = values.filter((_, i) => tables[i] !== null);
      return { section, name, values, differs: new Set(known).size > 1 };
    });
  });
}

function read(run: Run): Record<SectionId, Fields> {
  const configuration = (run.definition?.configuration ?? {}) as Record<
    string,
    unknown
  >;
  const { parameters, environment, ...rest } = configuration;
  const values = { ...run.template?.parameters, ...asObject(parameters) };
  const definition: Fields = new Map();
  const { arguments: given, ...others } = rest;
  flatten(others, '', definition);
  return {
    run: runFields(run),
    parameters: flatten(values, '', new Map()),
    arguments: argumentFields(Array.isArray(given) ? given : []),
    environment: environmentFields(asObject(environment)),
    definition
  };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function runFields(run: Run): Fields {
  const fields: Fields = new Map();
  const put = (name: string, value: unknown) => {
    if (value !== null && value !== undefined && value !== '') {
      fields.set(name, textOf(value));
    }
  };
  put('target', run.target);
  put(
    'template',
    run.template && `${run.template.name} ${run.template.version}`
  );
  put('snapshot', run.snapshotId);
  put('git commit', run.git?.commit);
  put('git branch', run.git?.branch);
  put('Python', run.environment?.python);
  put('environment', run.environment?.hash);
  put('attempt', run.attempt);
  put('exit code', run.exitCode);
  put('error', run.error?.message);
  for (const [name, value] of Object.entries(run.tags)) {
    put(`tag ${name}`, value);
  }
  return fields;
}

/** Options by their names (`--lr 0.1`, `--lr=0.1`), everything else by its place. */
export function argumentFields(given: readonly unknown[]): Fields {
  const fields: Fields = new Map();
  let place = 0;
  for (let i = 0; i < given.length; i++) {
    const text = textOf(given[i]);
    const option = /^(--?[A-Za-z][^\s=]*)(?:=([\s\S]*))?$/.exec(text);
    if (option === null) {
      place += 1;
      fields.set(`#${place}`, text);
      continue;
    }
    const next = i + 1 < given.length ? textOf(given[i + 1]) : undefined;
    let value = option[2];
    if (
      value === undefined &&
      next !== undefined &&
      !/^--?[A-Za-z]/.test(next)
    ) {
      value = next;
      i += 1;
    }
    const before = fields.get(option[1]);
    const now = value ?? '✓';
    fields.set(option[1], before === undefined ? now : `${before}, ${now}`);
  }
  return fields;
}

/** Python packages by name, variables, and the rest of an environment. */
function environmentFields(environment: Record<string, unknown>): Fields {
  const fields: Fields = new Map();
  const { python, environmentVariables, ...rest } = environment;
  const { condaDependencies, ...interpreter } = asObject(python);
  const { dependencies, ...conda } = asObject(condaDependencies);
  packages(Array.isArray(dependencies) ? dependencies : [], '', fields);
  for (const [name, value] of Object.entries(asObject(environmentVariables))) {
    fields.set(`$${name}`, textOf(value));
  }
  flatten(conda, 'conda', fields);
  flatten(interpreter, 'python', fields);
  flatten(rest, '', fields);
  return fields;
}

function packages(
  given: readonly unknown[],
  prefix: string,
  fields: Fields
): void {
  for (const item of given) {
    if (typeof item !== 'string') {
      for (const [tool, list] of Object.entries(asObject(item))) {
        packages(Array.isArray(list) ? list : [], `${tool} `, fields);
      }
      continue;
    }
    const [, name, version] = /^([\w.[\],-]+)\s*([\s\S]*)$/.exec(item) ?? [];
    fields.set(`${prefix}${name ?? item}`, version?.trim() || '✓');
  }
}

/** Nested fields by their paths; what is empty or null is left out. */
function flatten(value: unknown, path: string, fields: Fields): Fields {
  if (value === null || value === undefined || value === '') {
    return fields;
  }
  if (typeof value !== 'object') {
    return fields.set(path, textOf(value));
  }
  if (Array.isArray(value)) {
    return value.length > 0 ? fields.set(path, JSON.stringify(value)) : fields;
  }
  for (const [name, inner] of Object.entries(value)) {
    flatten(inner, path === '' ? name : `${path}.${name}`, fields);
  }
  return fields;
}

/** The word in a metric's name that tells that less is better. */
const LESS =
  /loss|err|mse|mae|rmse|perplexity|\bppl\b|time|latency|divergence|cost|regret/i;

/** Whether less of a metric is better, by its name. */
export function isLessBetter(metric: string): boolean {
  return LESS.test(metric);
}

/** The indices of the best values; none where fewer than two are numbers, or all are the same. */
export function bestOf(
  values: readonly (number | null | undefined)[],
  less: boolean
): ReadonlySet<number> {
  const finite = values.filter(
    (value): value is number =>
      typeof value === 'number' && Number.isFinite(value)
  );
  const best = less ? Math.min(...finite) : Math.max(...finite);
  const found = values.flatMap((value, i) => (value === best ? [i] : []));
  return new Set(
    finite.length > 1 && found.length < finite.length ? found : []
  );
}
