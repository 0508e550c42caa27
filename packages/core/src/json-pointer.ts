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

/** The path inside a message: the pointer, cut to 200 characters, or a word for the root. */
export function shownPath(path: readonly PropertyKey[]): string {
  const pointer = jsonPointer(path);
  if (pointer === '') return 'the top level';
  return pointer.length <= 200 ? pointer : `${pointer.slice(0, 200)}…`;
}
