/** How member names are ordered. */
export type KeyOrder = 'code-unit' | 'code-point' | 'bytes-by-length' | 'insertion';

const SURROGATE = /[\ud800-\udfff]/;
const SHORT = 24;

/** The names in canonical order; the same array when they are in order already. */
export function orderKeys(keys: string[], order: KeyOrder): string[] {
  if (order === 'insertion') return keys;
  if (order === 'bytes-by-length') return keys.toSorted(compareBytesByLength);
  // Without surrogates both orders are the same.
  if (order === 'code-point' && keys.some((key) => SURROGATE.test(key))) {
    return keys.toSorted(compareCodePoints);
  }
  return orderByUnits(keys);
}

function orderByUnits(keys: string[]): string[] {
  let at = 1;
  while (at < keys.length && keys[at - 1]! < keys[at]!) at++;
  if (at >= keys.length) return keys;
  if (keys.length > SHORT) return keys.toSorted();
  const sorted = keys.slice();
  for (; at < sorted.length; at++) {
    const key = sorted[at]!;
    let hole = at;
    while (hole > 0 && key < sorted[hole - 1]!) {
      sorted[hole] = sorted[hole - 1]!;
      hole--;
    }
    sorted[hole] = key;
  }
  return sorted;
}

/** Order by Unicode code point; a lone surrogate counts as its own code point. Source: function-descriptor section 3.4. */
export function compareCodePoints(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  let at = 0;
  while (at < shorter && left.charCodeAt(at) === right.charCodeAt(at)) at++;
  if (at === left.length || at === right.length) return left.length - right.length;
  // A difference in the second half of a pair is a difference of the whole pair.
  if (at > 0 && (left.charCodeAt(at - 1) & 0xfc00) === 0xd800) {
    const difference = left.codePointAt(at - 1)! - right.codePointAt(at - 1)!;
    if (difference !== 0) return difference;
  }
  return left.codePointAt(at)! - right.codePointAt(at)!;
}

/** Shorter UTF-8 first, then by bytes. Source: function-descriptor section 4.2. */
function compareBytesByLength(left: string, right: string): number {
  const difference = Buffer.byteLength(left) - Buffer.byteLength(right);
  return difference !== 0 ? difference : compareCodePoints(left, right);
}
