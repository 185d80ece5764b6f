/** The server's faults, beside the fields of the dialog. No DOM. */
import type { FieldFaults } from '../model/schema';
import type { ErrorDetail } from '../types';
import { SEVERAL } from './frameworks';
import type { FieldId, ISubject, SubmitFaults } from './state';

/** The places of a request, and the fields that fill them; the first that fits counts. */
const PLACES: readonly (readonly [RegExp, FieldId])[] = [
  [/^displayName/, 'name'],
  [/^experiment/, 'experiment'],
  [/^tags/, 'tags'],
  [/^secrets|configuration\.secret/, 'secrets'],
  [/^source\.files/, 'files'],
  [/^source\.link/, 'link'],
  [/configuration\.target/, 'target'],
  [/configuration\.command/, 'command'],
  [/configuration\.script/, 'script'],
  [/configuration\.arguments/, 'arguments'],
  [/configuration\.parameters/, 'others'],
  [/configuration\.kernel/, 'environment'],
  [/configuration\.framework/, 'framework'],
  [/configuration\.communicator/, 'communicator'],
  [/configuration\.nodeCount/, 'nodes'],
  [/configuration\.(pyTorch|tensorflow|mpi)\b/i, 'processes'],
  [/configuration\.resources\.cpus/, 'cpus'],
  [/configuration\.resources\.memory/, 'memory'],
  [/configuration\.resources\.gpus/, 'gpus'],
  [/configuration\.resources/, 'resources'],
  [/configuration\.maxRunDurationSeconds/, 'timeLimit'],
  [/configuration\.retries/, 'retries'],
  [/environment\.python\.interpreterPath/, 'interpreter'],
  [/environment\.python\.(conda|base)/, 'environmentFile'],
  [/environment\.docker/, 'image'],
  [/environment\.environmentVariables/, 'variables'],
  [/configuration\.environment/, 'environment']
];

/** Faults by the fields that can mend them. */
export interface IPlaced {
  readonly fields: SubmitFaults;
  readonly values: FieldFaults;
  /** Those that no field of the dialog can mend. */
  readonly rest: readonly ErrorDetail[];
}

/**
 * Sort the server's faults.
 *
 * @param visible - the fields that this dialog has.
 */
export function placeSubmitFaults(
  faults: readonly ErrorDetail[],
  subject: ISubject,
  visible: ReadonlySet<FieldId>
): IPlaced {
  const fields: Partial<Record<FieldId, string[]>> = {};
  const values: Record<string, string[]> = {};
  const rest: ErrorDetail[] = [];
  for (const fault of faults) {
    const target = fault.target ?? '';
    const parameter = /configuration\.parameters\.(.+)$/.exec(target)?.[1];
    const field = PLACES.find(([place]) => place.test(target))?.[1];
    if (parameter !== undefined && parameter in subject.schema.properties) {
      (values[parameter] ??= []).push(fault.message);
    } else if (field !== undefined && visible.has(field)) {
      (fields[field] ??= []).push(fault.message);
    } else {
      rest.push(fault);
    }
  }
  return { fields, values, rest };
}

/** The fields that a dialog for this has. */
export function fieldsOf(
  subject: ISubject,
  hasTargets: boolean,
  hasContainers = false
): ReadonlySet<FieldId> {
  const fields: FieldId[] = [
    'name',
    'environment',
    'interpreter',
    'environmentFile',
    'cpus',
    'memory',
    'gpus',
    'resources',
    'timeLimit',
    'retries',
    'tags',
    'variables',
    'secrets'
  ];
  const { kind, run } = subject;
  const configuration = run?.definition.configuration;
  const hasCommand = kind === 'folder' || Boolean(configuration?.command);
  const isScript =
    kind === 'script' ||
    kind === 'shell' ||
    kind === 'folder' ||
    (kind === 'rerun' && !subject.takesParameters && !hasCommand);
  return new Set<FieldId>([
    ...fields,
    // The roles of an experiment are its processes.
    ...(configuration?.experiment ? [] : SEVERAL),
    ...(kind === 'rerun' ? [] : (['experiment'] as const)),
    ...(hasTargets ? (['target'] as const) : []),
    ...(hasContainers ? (['image'] as const) : []),
    ...(hasCommand ? (['command'] as const) : []),
    ...(kind === 'folder' ? (['script'] as const) : []),
    ...(isScript ? (['arguments'] as const) : []),
    ...(subject.takesParameters ? (['others', 'values'] as const) : []),
    ...(subject.folder === null ? [] : (['files', 'link'] as const))
  ]);
}
