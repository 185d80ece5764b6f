/** The dialog's state for a run that is run again. No DOM. */
import { asEdited, defaultsOf, FormValues } from '../model/schema';
import type { Run } from '../types';
import { imageOf } from './container';
import { severalOf } from './frameworks';
import type { ISubject, ISubmitState } from './state';
import { joinWords, writeDuration, writePairs, writeValue } from './words';

function textOf(value: unknown): string {
  return value === undefined || value === null ? '' : String(value);
}

/** Bytes as the server reads them: `2G`, `512M`, or the number. */
export function writeSize(bytes: number | string | null | undefined): string {
  if (typeof bytes !== 'number') {
    return textOf(bytes);
  }
  const units = [
    ['T', 2 ** 40],
    ['G', 2 ** 30],
    ['M', 2 ** 20]
  ] as const;
  const unit = units.find(([, size]) => bytes % size === 0);
  return unit ? `${bytes / unit[1]}${unit[0]}` : String(bytes);
}

/** Tags that a person gave: a repetition gets its own `rerunOf`. */
function tagsOf(run: Run): string {
  const tags = Object.entries(run.tags).filter(([name]) => name !== 'rerunOf');
  return writePairs(Object.fromEntries(tags), ', ');
}

/** What the dialog shows of an old run. */
export function rerunState(subject: ISubject, run: Run): ISubmitState {
  const configuration = run.definition.configuration ?? {};
  const { command, resources = {}, secrets = [] } = configuration;
  const parameters = configuration.parameters ?? {};
  const known = subject.schema.properties;
  const isKnown = ([name, value]: [string, unknown]) =>
    name in known && value !== null;
  const values: FormValues = {
    ...defaultsOf(subject.schema),
    ...Object.fromEntries(
      Object.entries(parameters)
        .filter(isKnown)
        .map(([name, value]) => [name, asEdited(value)])
    )
  };
  const others = Object.entries(parameters).filter(each => !isKnown(each));
  const limit = configuration.maxRunDurationSeconds;
  return {
    name: run.displayName,
    experiment: run.experiment,
    target: run.target,
    what: command ? 'command' : 'script',
    script: configuration.script ?? '',
    command: Array.isArray(command) ? joinWords(command) : (command ?? ''),
    arguments: joinWords(configuration.arguments ?? []),
    values,
    others: others
      .map(([name, value]) => `${name}=${writeValue(value)}`)
      .join('\n'),
    environment: 'keep',
    kernel: configuration.kernel ?? '',
    interpreter: '',
    environmentFile: '',
    environmentName: '',
    environmentVersion: '',
    image: imageOf(run) ?? '',
    ...severalOf(configuration),
    cpus: textOf(resources.cpus),
    memory: writeSize(resources.memory),
    gpus: textOf(resources.gpus),
    timeLimit: limit ? writeDuration(limit) : '',
    retries: textOf(configuration.retries),
    tags: tagsOf(run),
    variables: writePairs(
      configuration.environment?.environmentVariables ?? {}
    ),
    secrets: secrets.map(name => ({ name, value: '' })),
    files: '',
    link: '',
    large: false,
    above: false
  };
}
