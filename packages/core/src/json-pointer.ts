/**
 * The JSON Pointer of a path: `['a', 0, 'b/c']` becomes `/a/0/b~1c`; the empty path is the empty string.
 *
 * Source: RFC 6901.
 */
export function jsonPointer(path: readonly PropertyKey[]): string {
  let pointer = '';
  for (const step of path) {
    pointer += `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  }
  return pointer;
}

/** The pointer for a message or for details of an error, cut to `longest` characters: keys of others may be megabytes long. */
export function boundedPointer(path: readonly PropertyKey[], longest: number): string {
  const pointer = jsonPointer(path);
  return pointer.length <= longest ? pointer : `${pointer.slice(0, longest)}…`;
}

/** The path inside a message, or a word for the root. */
export function shownPath(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the top level' : boundedPointer(path, 200);
}

/** The path as a detail of an error. */
export function detailPath(path: readonly PropertyKey[]): string {
  return boundedPointer(path, 1_000);
}
