/** The requests that the dialog sends. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { RerunRequest, SubmitRequest } from '../types';
import { Complain, configurationOf, given, IProvisions } from './configuration';
import { mergePatchOf, isSame, JsonObject } from './patch';
import {
  comparedSeverals,
  isOfSeveral,
  isSeveralChanged
} from './severalagain';
import type { ISubject, ISubmitState } from './state';
import { parsePairs, splitLine } from './words';

/** Tags as the dialog shows them: `name=value`, separated by commas. */
export const TAG_SEPARATOR = /[,\n]/;

/**
 * Make the body of `POST runs`; `complain` is told everything that is wrong.
 *
 * Source: `ExecClient.submit` in `jupyter_exec/client/api.py`, which sends the same.
 */
export function submitRequestOf(
  subject: ISubject,
  state: ISubmitState,
  provisions: IProvisions,
  trans: TranslationBundle,
  complain: Complain
): SubmitRequest {
  const tags = parsePairs(state.tags, TAG_SEPARATOR, true);
  complainOfTags(tags.wrong, trans, complain);
  const configuration = configurationOf(
    subject,
    state,
    provisions,
    trans,
    complain
  );
  return given({
    experiment: state.experiment.trim() || subject.experiment,
    displayName: state.name.trim() || subject.name,
    tags: Object.keys(tags.pairs).length > 0 ? tags.pairs : undefined,
    secrets: secretsOf(state, trans, complain),
    definition: { configuration },
    source: sourceOf(subject, state),
    overlay: overlayOf(subject, state)
  }) as SubmitRequest;
}

function complainOfTags(
  wrong: readonly string[],
  trans: TranslationBundle,
  complain: Complain
): void {
  for (const tag of wrong) {
    complain('tags', trans.__('"%1" has no name; for example: owner=me', tag));
  }
}

function secretsOf(
  state: ISubmitState,
  trans: TranslationBundle,
  complain: Complain
): Record<string, string> | undefined {
  for (const { name, value } of state.secrets) {
    if (name.trim() === '') {
      complain('secrets', trans.__('A secret needs the name of a variable.'));
    } else if (value === '') {
      complain('secrets', trans.__('Give the value of %1.', name));
    }
  }
  return state.secrets.length > 0
    ? Object.fromEntries(
        state.secrets.map(each => [each.name.trim(), each.value])
      )
    : undefined;
}

function sourceOf(subject: ISubject, state: ISubmitState): JsonObject {
  if (subject.folder === null) {
    const { content } = subject;
    return content === null || typeof content === 'string' || subject.cells
      ? {}
      : { notebook: subject.content, name: subject.fileName };
  }
  const files = splitLine(state.files.replace(/,/g, ' ')).words;
  const link = splitLine(state.link.replace(/,/g, ' ')).words;
  return given({
    path: subject.folder || '.',
    files: files.length > 0 ? files : undefined,
    link: link.length > 0 ? link : undefined,
    // A folder that is named itself may be large; one that only comes along may not.
    limit: subject.kind === 'folder' || state.large ? undefined : true
  });
}

function overlayOf(
  subject: ISubject,
  state: ISubmitState
): JsonObject | undefined {
  if (typeof subject.content === 'string') {
    return { [subject.fileName]: { text: subject.content } };
  }
  return subject.cells === undefined
    ? undefined
    : {
        [subject.fileName]: { text: JSON.stringify(subject.cells(state.above)) }
      };
}

/**
 * Make the body of `POST runs/{id}/rerun`: only what was changed in the dialog.
 *
 * @param before - the state that the dialog began with.
 * @param wasContained - whether the target of `before` has containers.
 */
export function rerunRequestOf(
  subject: ISubject,
  before: ISubmitState,
  wasContained: boolean,
  state: ISubmitState,
  provisions: IProvisions,
  trans: TranslationBundle,
  complain: Complain
): RerunRequest {
  const ignore = () => undefined;
  const past = {
    dependencies: null,
    named: null,
    isContained: wasContained,
    frameworks: provisions.frameworks
  };
  const old = configurationOf(subject, before, past, trans, ignore);
  const isChanged = isSeveralChanged(before, state);
  const now = configurationOf(
    subject,
    state,
    provisions,
    trans,
    (field, message) => {
      // What the run has was right; what the dialog makes of it counts only where it is changed.
      if (isChanged || !isOfSeveral(field)) {
        complain(field, message);
      }
    }
  );
  const [was, is] = comparedSeverals(
    subject.run?.definition.configuration ?? {},
    old,
    now,
    isChanged
  );
  const patch = mergePatchOf(withSections(was), withSections(is));
  if (state.environment !== 'keep') {
    Object.assign(patch, environmentPatch(subject, patch, now));
  } else if (provisions.isContained && !wasContained) {
    Object.assign(patch, withoutInterpreter(subject, patch));
  }
  Object.assign(patch, withoutDockerfile(subject, before, state, patch));
  const tags = parsePairs(state.tags, TAG_SEPARATOR, true);
  complainOfTags(tags.wrong, trans, complain);
  const run = subject.run;
  const oldTags = parsePairs(before.tags, TAG_SEPARATOR, true).pairs;
  return given({
    displayName:
      state.name.trim() !== before.name ? state.name.trim() : undefined,
    tags: isSame(oldTags, tags.pairs)
      ? undefined
      : { ...tags.pairs, rerunOf: run?.runId ?? '' },
    definition:
      Object.keys(patch).length > 0 ? { configuration: patch } : undefined,
    secrets: secretsOf(state, trans, complain)
  }) as RerunRequest;
}

/** With the members that hold several values: what is gone from them is named one by one. */
function withSections(configuration: JsonObject): JsonObject {
  return { resources: {}, environment: {}, parameters: {}, ...configuration };
}

/** The interpreter of a run is not in the image. Source: `_container` in `client/options.py`. */
function withoutInterpreter(subject: ISubject, patch: JsonObject): JsonObject {
  const asked = subject.run?.definition.configuration?.environment?.python;
  return asked?.interpreterPath
    ? {
        environment: {
          ...(patch['environment'] as JsonObject),
          python: { interpreterPath: null }
        }
      }
    : {};
}

/** An image takes the place of the Dockerfile that the run had. */
function withoutDockerfile(
  subject: ISubject,
  before: ISubmitState,
  state: ISubmitState,
  patch: JsonObject
): JsonObject {
  const asked = subject.run?.definition.configuration?.environment?.docker;
  const environment = (patch['environment'] ?? {}) as JsonObject;
  const docker = environment['docker'] as JsonObject | null | undefined;
  const isNew = state.image.trim() !== '' && state.image !== before.image;
  return asked?.baseDockerfile && isNew && docker
    ? {
        environment: {
          ...environment,
          docker: { ...docker, baseDockerfile: null }
        }
      }
    : {};
}

/** Replace the Python of the run, whatever it was: one way of naming it excludes the others. */
function environmentPatch(
  subject: ISubject,
  patch: JsonObject,
  now: JsonObject
): JsonObject {
  const configuration = subject.run?.definition.configuration ?? {};
  const old = (configuration.environment?.python ?? {}) as JsonObject;
  const environment = (now['environment'] ?? {}) as JsonObject;
  const python = (environment['python'] ?? {}) as JsonObject;
  const kernel = now['kernel'] ?? null;
  const changes = mergePatchOf(old, python);
  const name = configuration.environment?.name ?? null;
  // What had a name is something else now.
  const unnamed =
    name !== null && environment['name'] === undefined
      ? { name: null, version: null }
      : {};
  return given({
    kernel: isSame(configuration.kernel, kernel) ? undefined : kernel,
    environment:
      Object.keys(changes).length > 0
        ? {
            ...(patch['environment'] as JsonObject),
            ...unnamed,
            python: changes
          }
        : undefined
  });
}
