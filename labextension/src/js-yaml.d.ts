/** What we use of js-yaml, which has no types of its own. */
declare module 'js-yaml' {
  /** Parse one document; throws where it is not YAML. */
  export function load(text: string): unknown;
}
