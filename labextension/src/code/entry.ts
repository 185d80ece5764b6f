import type { RunDefinition } from '../types';

/**
 * The file of its snapshot that a run executes: its script or notebook, or the first word of its
 * command that names a file. No DOM.
 *
 * @returns the file's path; null where none of the files is it.
 */
export function entryOf(
  definition: Partial<RunDefinition> | undefined,
  paths: ReadonlySet<string>
): string | null {
  const asked = definition?.configuration;
  if (!asked) {
    return null;
  }
  const { command, experiment, script } = asked;
  const words = [
    ...(script && !command ? [script] : []),
    ...(Array.isArray(command) ? command : wordsOf(command)),
    ...wordsOf(experiment?.meta.cmd)
  ];
  return words.map(plain).find(word => paths.has(word)) ?? null;
}

function wordsOf(line: string | null | undefined): string[] {
  return line?.match(/"[^"]*"|'[^']*'|[^\s;&|]+/g) ?? [];
}

/** As the snapshot has it: without quotes, without `./`. */
function plain(word: string): string {
  return word.replace(/^(['"])(.*)\1$/, '$2').replace(/^(\.\/+)+/, '');
}
