/** Writes values of JSON as YAML, in block style. Source: YAML 1.2; what 1.1 reads otherwise is quoted. */

const PLAIN = /^[A-Za-z_][\w ./()-]*$/;
const WORDS = /^(true|false|yes|no|on|off|y|n|null|~)$/i;

/** A value of JSON as YAML; fields that are null or undefined are left out. */
export function toYaml(value: unknown): string {
  return block(value, 0).replace(/^\n/, '') + '\n';
}

function block(value: unknown, depth: number): string {
  const pad = '  '.repeat(depth);
  if (Array.isArray(value)) {
    if (value.every(item => typeof item !== 'object' || item === null)) {
      return ` [${value.map(flow).join(', ')}]`;
    }
    return value
      .map(item => `\n${pad}-${nested(block(item, depth + 1), depth + 1)}`)
      .join('');
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(
      ([, item]) => item !== null && item !== undefined
    );
    return fields.length === 0
      ? ' {}'
      : fields
          .map(
            ([name, item]) =>
              `\n${pad}${scalar(name)}:${block(item, depth + 1)}`
          )
          .join('');
  }
  return ` ${isText(value) ? lines(value, pad || '  ') : scalar(value)}`;
}

/** The first field of an object stands behind the dash of its item. */
function nested(text: string, depth: number): string {
  return text.startsWith('\n')
    ? text.slice(1 + 2 * depth).replace(/^/, ' ')
    : text;
}

function flow(value: unknown): string {
  return typeof value === 'string' && !isPlain(value)
    ? JSON.stringify(value)
    : scalar(value);
}

function isText(value: unknown): value is string {
  // Only what a block shows as it is: no trailing blanks, no other line ends, nothing unprintable.
  return (
    typeof value === 'string' &&
    /^[^\s][^]*[^\s]\n?$/.test(value) &&
    value.includes('\n') &&
    !/[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\ufffd]|[ \t]\n/.test(value)
  );
}

function lines(value: string, pad: string): string {
  const chomp = value.endsWith('\n') ? '|' : '|-';
  const text = value.replace(/\n$/, '').split('\n');
  return `${chomp}\n${text.map(line => (line === '' ? '' : pad + line)).join('\n')}`;
}

function isPlain(text: string): boolean {
  return PLAIN.test(text) && !WORDS.test(text) && !text.endsWith(' ');
}

function scalar(value: unknown): string {
  return typeof value === 'string' && isPlain(value)
    ? value
    : JSON.stringify(value ?? null);
}
