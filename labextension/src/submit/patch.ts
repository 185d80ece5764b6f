/** JSON merge patches. Source: RFC 7396. */

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two JSON values are the same; a missing member is like null. */
export function isSame(one: unknown, other: unknown): boolean {
  if (isObject(one) && isObject(other)) {
    const names = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...names].every(name => isSame(one[name], other[name]));
  }
  if (Array.isArray(one) && Array.isArray(other)) {
    return (
      one.length === other.length &&
      one.every((value, index) => isSame(value, other[index]))
    );
  }
  return (one ?? null) === (other ?? null);
}

/** The merge patch that makes `after` of `before`: only what differs, null for what is gone. */
export function mergePatchOf(
  before: JsonObject,
  after: JsonObject
): Record<string, unknown> {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const patch: Record<string, unknown> = {};
  for (const name of names) {
    const [old, value] = [before[name], after[name]];
    if (!isSame(old, value)) {
      patch[name] =
        isObject(old) && isObject(value)
          ? mergePatchOf(old, value)
          : (value ?? null);
    }
  }
  return patch;
}
