/** A requirements or conda file, as the packages of a run. Source: `client/environment.py`. */
import { PathExt } from '@jupyterlab/coreutils';

import type { EnvironmentDefinition } from '../types';
import type { Dependencies } from './configuration';

const INCLUDE = /^(?:-r|--requirement)[\s=]*(\S.*)$/;

const HASH = /\s+--hash[\s=]+\S+/g;

/** What conda knows in such a file. */
const CONDA_KEYS = ['name', 'channels', 'dependencies', 'variables', 'prefix'];

/** A file that names no environment; the message says why. */
export class EnvironmentFileError extends Error {}

/** Reads a text file below the server's root. */
export type ReadText = (path: string) => Promise<string>;

/** Has the server read a project's file, which takes TOML and uv. */
export type ReadProject = (path: string) => Promise<EnvironmentDefinition>;

/** Files of a project. Source: `is_project_file` in `client/project_files.py`. */
const PROJECT = /^(pyproject|pylock(\..+)?)\.toml$|^uv\.lock$/;

/** Whether a file's name says that it may name an environment. */
export function namesEnvironment(name: string): boolean {
  return (
    PROJECT.test(name) ||
    /require.*\.(txt|in)$|(conda|env).*\.ya?ml$/i.test(name)
  );
}

/**
 * Read the packages that a file names, with the files that it includes.
 *
 * @param path - below the server's root: `.txt`, `.in`, `.yml`, `.yaml`, or a project's file.
 * @throws EnvironmentFileError - it is no such file.
 * @throws RequestFailure - the server cannot read a project's file.
 */
export async function readEnvironmentFile(
  path: string,
  read: ReadText,
  readProject: ReadProject
): Promise<Dependencies> {
  if (PROJECT.test(PathExt.basename(path))) {
    const { python } = await readProject(path);
    return python?.condaDependencies ?? {};
  }
  const suffix = PathExt.extname(path).toLowerCase();
  if (suffix === '.txt' || suffix === '.in') {
    return { dependencies: [{ pip: await requirementsOf(path, read) }] };
  }
  if (suffix === '.yml' || suffix === '.yaml') {
    return condaOf(path, await read(path), read);
  }
  throw new EnvironmentFileError(
    `${path} is neither a requirements file (.txt), a conda file (.yml), a pyproject.toml nor its lock`
  );
}

async function requirementsOf(
  path: string,
  read: ReadText,
  above: readonly string[] = []
): Promise<string[]> {
  if (above.includes(path)) {
    throw new EnvironmentFileError(`${path} includes itself`);
  }
  const lines: string[] = [];
  for (const [number, line] of requirementLines(await read(path))) {
    lines.push(...(await included(line, path, number, read, above)));
  }
  return lines;
}

/** The lines without comments, those that are continued as one, and where each begins. */
function requirementLines(text: string): (readonly [number, string])[] {
  const found: (readonly [number, string])[] = [];
  let parts: string[] = [];
  let begin = 1;
  text.split(/\r?\n/).forEach((line, index) => {
    begin = parts.length > 0 ? begin : index + 1;
    if (/^(?!\s*#).*\\$/.test(line)) {
      parts.push(line.slice(0, -1));
      return;
    }
    found.push([begin, [...parts, line].join(' ')]);
    parts = [];
  });
  return [...found, [begin, parts.join(' ')] as const]
    .map(([number, line]) => [number, withoutComment(line)] as const)
    .filter(([, line]) => line);
}

function withoutComment(line: string): string {
  return line.replace(/(^|\s+)#.*$/, '').trim();
}

async function included(
  line: string,
  path: string,
  number: number,
  read: ReadText,
  above: readonly string[]
): Promise<string[]> {
  const requirement = line.replace(HASH, '').trim();
  if (requirement === '--require-hashes') {
    return []; // what is built is a lock, which has hashes of its own
  }
  const found = INCLUDE.exec(requirement);
  if (found !== null) {
    const other = PathExt.join(PathExt.dirname(path), found[1].trim());
    return requirementsOf(other, read, [...above, path]);
  }
  if (requirement.startsWith('-')) {
    const [option] = requirement.split(/[\s=]/);
    throw new EnvironmentFileError(
      `${path}, line ${number}: the option ${option} is not taken: name packages, for example numpy>=1.26`
    );
  }
  return [requirement];
}

async function condaOf(
  path: string,
  text: string,
  read: ReadText
): Promise<Dependencies> {
  const content = await parseYaml(path, text);
  const listed = content['dependencies'];
  if (!Array.isArray(listed)) {
    throw new EnvironmentFileError(
      `${path} is not a conda file: it has no list of dependencies`
    );
  }
  const other = Object.keys(content).filter(key => !CONDA_KEYS.includes(key));
  if (other.length > 0) {
    throw new EnvironmentFileError(
      `${path} has ${other.join(', ')}, which would have no effect; a conda file has ${CONDA_KEYS.join(', ')}`
    );
  }
  if (Object.keys(content['variables'] ?? {}).length > 0) {
    throw new EnvironmentFileError(
      `${path} sets variables: move them from the file to Environment variables`
    );
  }
  const dependencies: unknown[] = [];
  for (const dependency of listed as unknown[]) {
    const pip = (dependency as { pip?: unknown } | null)?.pip;
    if (Array.isArray(pip)) {
      const lines: string[] = [];
      for (const line of pip) {
        const at = text.indexOf(String(line));
        const number = text.slice(0, Math.max(at, 0)).split('\n').length;
        lines.push(...(await included(String(line), path, number, read, [])));
      }
      dependencies.push({ ...(dependency as object), pip: lines });
    } else {
      dependencies.push(dependency);
    }
  }
  // `name` and `prefix` are where conda would put it; neither changes what is installed.
  const { channels } = content;
  return {
    ...(channels === undefined ? {} : { channels }),
    dependencies
  } as Dependencies;
}

async function parseYaml(
  path: string,
  text: string
): Promise<Record<string, unknown>> {
  // Who reads the file tells why it failed.
  // eslint-disable-next-line no-restricted-syntax
  const { load } = await import('js-yaml');
  let content: unknown;
  try {
    content = load(text);
  } catch (error) {
    const reason = (error as Error).message.replace(/\s+/g, ' ');
    throw new EnvironmentFileError(`${path} is not YAML: ${reason}`);
  }
  return typeof content === 'object' && content !== null
    ? (content as Record<string, unknown>)
    : {};
}
