/** Finds where in a YAML text the field of a fault stands, by its lines alone. */

interface ILine {
  /** From 0. */
  readonly number: number;
  readonly indent: number;
  readonly text: string;
}

/**
 * The line (from 0) of a field such as `parameters[1].minimum`, or of the nearest one around it
 * that is found; null where not even its first word is.
 */
export function lineOf(yaml: string, target: string): number | null {
  let lines = yaml
    .split('\n')
    .map((line, number) => ({
      number,
      indent: line.search(/\S/),
      text: line.trim()
    }))
    .filter(line => line.indent >= 0 && !line.text.startsWith('#'));
  let found: number | null = null;
  for (const segment of target.match(/\[\d+\]|[^.[\]]+/g) ?? []) {
    const inside = segment.startsWith('[')
      ? itemOf(lines, Number(segment.slice(1, -1)))
      : fieldOf(lines, segment);
    if (inside === null) {
      return found;
    }
    found = inside[0].number;
    // Of a field, its own line is done with; of an item, the first field stands behind the dash.
    lines = segment.startsWith('[') ? undash(inside) : inside.slice(1);
  }
  return found;
}

function depthOf(lines: readonly ILine[]): number {
  return Math.min(...lines.map(line => line.indent));
}

function fieldOf(lines: readonly ILine[], name: string): ILine[] | null {
  const depth = depthOf(lines);
  const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const key = new RegExp(`^(["']?)${quoted}\\1\\s*:`, 'i');
  const first = lines.findIndex(
    line => line.indent === depth && key.test(line.text)
  );
  if (first < 0) {
    return null;
  }
  // A list may stand as deep as its field.
  const rest = lines.slice(first + 1);
  const end = rest.findIndex(
    line => line.indent <= depth && !line.text.startsWith('-')
  );
  return [lines[first], ...(end < 0 ? rest : rest.slice(0, end))];
}

function itemOf(lines: readonly ILine[], index: number): ILine[] | null {
  const depth = depthOf(lines);
  const starts = lines.flatMap((line, at) =>
    line.indent === depth && /^-(\s|$)/.test(line.text) ? [at] : []
  );
  const start = starts[index];
  return start === undefined ? null : lines.slice(start, starts[index + 1]);
}

function undash(lines: readonly ILine[]): ILine[] {
  const [first, ...rest] = lines;
  const text = first.text.replace(/^-\s*/, '');
  const indent = first.indent + first.text.length - text.length;
  return text === '' ? rest : [{ ...first, indent, text }, ...rest];
}
