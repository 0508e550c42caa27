/**
 * Follows the plain subset of JSONPath: `$.a.b`, `$.list[0].name`, `$['odd key']`, and a closing `[*]` for the whole list.
 *
 * `undefined` when a part is missing. Only own members count.
 */
export function atPath(root: unknown, path: string): unknown {
  let current = root;
  for (const [, dotted, quoted, index] of path.matchAll(
    /(?:^\$?|\.)([^.[\]$]+)|\['([^']*)'\]|\[(\d+|\*)\]/g,
  )) {
    if (index === '*') continue;
    if (typeof current !== 'object' || current === null) return undefined;
    const key = dotted ?? quoted ?? index ?? '';
    current = Object.hasOwn(current, key)
      ? (current as Readonly<Record<string, unknown>>)[key]
      : undefined;
  }
  return current;
}
