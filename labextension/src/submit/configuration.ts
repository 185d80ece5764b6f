/** The `configuration` of a run, made of what the dialog holds. */
import type { TranslationBundle } from '@jupyterlab/translation';

import { typedValues } from '../model/schema';
import type { EnvironmentDefinition } from '../types';
import { hasOtherImage } from './container';
import { IFramework } from './frameworklist';
import { frameworkSection, isOneProcess } from './frameworks';
import { isSame, JsonObject } from './patch';
import { complainOfResources } from './resources';
import type { FieldId, ISubject, ISubmitState } from './state';
import { parseDuration, parsePairs, parseValue, splitLine } from './words';

/** Collects what is wrong while a request is made. */
export type Complain = (field: FieldId, message: string) => void;

/** Packages of a requirements or conda file, as `condaDependencies`. */
export type Dependencies = JsonObject;

/** What the dialog has found out besides what a person has said. */
export interface IProvisions {
  /** Packages of the file that is chosen; null where none is. */
  readonly dependencies: Dependencies | null;
  /** The environment of the name that is chosen; null where none is. */
  readonly named: EnvironmentDefinition | null;
  /** Whether the target that is chosen has containers. */
  readonly isContained: boolean;
  /** That the server has; undefined: those that are known. */
  readonly frameworks?: readonly IFramework[];
}

/** Leave out what is not given. */
export function given(members: JsonObject): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined)
  );
}

/**
 * Make the configuration; what is not given is left out.
 *
 * Source: `configuration` in `jupyter_exec/client/options.py`, which sends the same.
 */
export function configurationOf(
  subject: ISubject,
  state: ISubmitState,
  provisions: IProvisions,
  trans: TranslationBundle,
  complain: Complain
): Record<string, unknown> {
  const names = state.secrets.map(secret => secret.name.trim());
  complainOfResources(state, trans, complain);
  return given({
    ...programOf(subject, state, trans, complain),
    ...parametersOf(subject, state, trans, complain),
    ...(isOneProcess(subject, state)
      ? {}
      : frameworkSection(
          state,
          trans,
          complain,
          subject.run?.definition.configuration?.tensorflow,
          provisions.frameworks
        )),
    ...(state.environment === 'kernel' ? { kernel: state.kernel } : {}),
    target: state.target || undefined,
    environment: environmentOf(subject, state, provisions, trans, complain),
    resources: orNothing({
      cpus: numberOf(state.cpus),
      memory: state.memory.trim() || undefined,
      gpus: numberOf(state.gpus)
    }),
    maxRunDurationSeconds: parseDuration(state.timeLimit) ?? undefined,
    retries: numberOf(state.retries),
    secrets: names.length > 0 ? names.filter(Boolean) : undefined
  });
}

function orNothing(members: JsonObject): JsonObject | undefined {
  const found = given(members);
  return Object.keys(found).length > 0 ? found : undefined;
}

/** A number; text that is none stays as it is, and is complained of. */
function numberOf(text: string): number | string | undefined {
  const bare = text.trim();
  return bare === ''
    ? undefined
    : Number.isFinite(Number(bare))
      ? Number(bare)
      : bare;
}

function programOf(
  subject: ISubject,
  state: ISubmitState,
  trans: TranslationBundle,
  complain: Complain
): JsonObject {
  const words = wordsOf(state.arguments, trans, message =>
    complain('arguments', message)
  );
  const withArguments = words.length > 0 ? { arguments: words } : {};
  switch (subject.kind) {
    case 'shell':
      return { command: [...subject.shell, subject.fileName, ...words] };
    case 'script':
      return { script: subject.fileName, ...withArguments };
    case 'folder':
      return folderProgram(state, withArguments, trans, complain);
    case 'rerun':
      return {
        ...rerunProgram(subject, state, trans, complain),
        ...withArguments
      };
    default:
      return { script: subject.fileName };
  }
}

function folderProgram(
  state: ISubmitState,
  withArguments: JsonObject,
  trans: TranslationBundle,
  complain: Complain
): JsonObject {
  if (state.what === 'command') {
    if (state.command.trim() === '') {
      complain('command', trans.__('Give the command to run in the folder.'));
    }
    return { command: state.command };
  }
  const script = state.script.trim();
  if (script === '') {
    complain('script', trans.__('Choose what to run in the folder.'));
  }
  if (/\.(sh|bash)$/.test(script)) {
    const shell = script.endsWith('.bash') ? 'bash' : 'sh';
    const words = (withArguments['arguments'] as string[] | undefined) ?? [];
    return { command: [shell, script, ...words] };
  }
  return { script, ...withArguments };
}

function rerunProgram(
  subject: ISubject,
  state: ISubmitState,
  trans: TranslationBundle,
  complain: Complain
): JsonObject {
  const { script, command } = subject.run?.definition.configuration ?? {};
  if (Array.isArray(command)) {
    return {
      command: wordsOf(state.command, trans, message =>
        complain('command', message)
      )
    };
  }
  return command ? { command: state.command } : script ? { script } : {};
}

function wordsOf(
  line: string,
  trans: TranslationBundle,
  complain: (message: string) => void
): readonly string[] {
  const { words, problem } = splitLine(line);
  if (problem !== null) {
    complain(
      problem === 'quote'
        ? trans.__('A quote is not closed.')
        : trans.__('A backslash stands at the end.')
    );
  }
  return words;
}

function parametersOf(
  subject: ISubject,
  state: ISubmitState,
  trans: TranslationBundle,
  complain: Complain
): JsonObject {
  if (!subject.takesParameters) {
    return {};
  }
  const { pairs, wrong } = parsePairs(state.others);
  for (const line of wrong) {
    complain(
      'others',
      trans.__('"%1" is not name=value; for example: lr=0.1', line)
    );
  }
  const others = Object.entries(pairs).map(([name, text]) => [
    name,
    parseValue(text)
  ]);
  const parameters = {
    ...givenValues(subject, state),
    ...(Object.fromEntries(others) as JsonObject)
  };
  return Object.keys(parameters).length > 0 ? { parameters } : {};
}

/**
 * All that can be given exactly, so that the run tells them, and those that were changed; any other
 * stays as it is in the notebook's own cell.
 */
function givenValues(subject: ISubject, state: ISubmitState): JsonObject {
  const { properties } = subject.schema;
  return Object.fromEntries(
    Object.entries(typedValues(subject.schema, state.values)).filter(
      ([name, value]) =>
        subject.exact?.includes(name) ||
        !isSame(value, properties[name].default)
    )
  );
}

/** The `environment`. Source: `jupyter_exec/client/environment.py`. */
function environmentOf(
  subject: ISubject,
  state: ISubmitState,
  provisions: IProvisions,
  trans: TranslationBundle,
  complain: Complain
): JsonObject | undefined {
  const { pairs, wrong } = parsePairs(state.variables);
  for (const line of wrong) {
    complain('variables', trans.__('"%1" is not NAME=value.', line));
  }
  const docker = dockerOf(subject, state, provisions, trans, complain);
  return orNothing({
    ...pythonOf(state, provisions, docker, trans, complain),
    docker,
    environmentVariables: Object.keys(pairs).length > 0 ? pairs : undefined
  });
}

/** The container, on a target that has them. Source: `_container` in `client/options.py`. */
function dockerOf(
  subject: ISubject,
  state: ISubmitState,
  { named, isContained }: IProvisions,
  trans: TranslationBundle,
  complain: Complain
): JsonObject | undefined {
  const image = state.image.trim();
  if (!isContained) {
    return undefined;
  }
  if (state.environment === 'named' && hasImage(named)) {
    if (image !== '' && image !== named?.docker?.baseImage) {
      complain(
        'image',
        trans.__(
          'The environment %1 has an image of its own. Leave this empty, or choose another environment.',
          state.environmentName
        )
      );
    }
    return undefined;
  }
  if (image === '' && !hasOtherImage(subject.run)) {
    complain(
      'image',
      trans.__('Name the image, for example python:3.12-slim.')
    );
  } else if (/\s/.test(image)) {
    complain('image', trans.__('The name of an image has no spaces.'));
  }
  return given({ enabled: true, baseImage: image || undefined });
}

function hasImage(definition: EnvironmentDefinition | null): boolean {
  const { baseImage, baseDockerfile } = definition?.docker ?? {};
  return Boolean(baseImage || baseDockerfile);
}

/** The Python, or the name of the whole environment. */
function pythonOf(
  state: ISubmitState,
  { dependencies, named }: IProvisions,
  docker: JsonObject | undefined,
  trans: TranslationBundle,
  complain: Complain
): JsonObject {
  if (state.environment === 'interpreter') {
    const path = state.interpreter.trim();
    if (path === '') {
      complain(
        'interpreter',
        trans.__('Give the absolute path of an interpreter.')
      );
    }
    return { python: { interpreterPath: path, userManagedDependencies: true } };
  }
  if (state.environment === 'file' && dependencies !== null) {
    return {
      python: {
        condaDependencies: dependencies,
        userManagedDependencies: false
      }
    };
  }
  if (state.environment === 'named') {
    // With an image beside it a name would stand for something new.
    return docker === undefined || named === null
      ? given({
          name: state.environmentName,
          version: state.environmentVersion || undefined
        })
      : { python: named.python };
  }
  return {};
}
