/** The White_Space property. `String.prototype.trim` leaves U+0085 and removes U+FEFF, Go does the opposite. */
const SPACE = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING_SPACE = new RegExp(`^[${SPACE}]+`);
const SPACE_UNIT = new RegExp(`[${SPACE}]`);

/** Removes white space at both ends as Go's `strings.TrimSpace` does; names and texts of the wire follow that rule. */
export function trimSpace(text: string): string {
  const rest = text.replace(LEADING_SPACE, '');
  let end = rest.length;
  while (end > 0 && SPACE_UNIT.test(rest.charAt(end - 1))) end--;
  return rest.slice(0, end);
}
