import { byteLength } from './go/bytes.js';

const MAY_BE_ESCAPED = /[\p{Cc}"\\<>&\u2028\u2029]/gu;
const SHORT_ESCAPES = '"\\\b\f\n\r\t';
const DEEPEST = 10_000;

/** The bytes of the value's JSON as Go writes it; stops counting beyond `limit`. A cycle counts as beyond any limit. */
export function jsonSize(value: unknown, limit = Number.POSITIVE_INFINITY): number {
  let total = 0;
  const open = new Set<object>();
  const visit = (item: unknown, depth: number): void => {
    if (total > limit) return;
    if (typeof item === 'string') total += textSize(item);
    else if (Object.is(item, -0)) total += 2;
    else if (typeof item !== 'object' || item === null) total += String(item).length;
    else if (depth > DEEPEST || open.has(item)) total = Number.POSITIVE_INFINITY;
    else {
      open.add(item);
      total += 2;
      let first = true;
      if (Array.isArray(item)) {
        for (const element of item) {
          if (!first) total += 1;
          first = false;
          visit(element, depth + 1);
        }
      } else {
        for (const [key, element] of Object.entries(item)) {
          total += textSize(key) + (first ? 1 : 2);
          first = false;
          visit(element, depth + 1);
        }
      }
      open.delete(item);
    }
  };
  visit(value, 0);
  return total;
}

function textSize(text: string): number {
  let size = byteLength(text) + 2;
  for (const [character] of text.matchAll(MAY_BE_ESCAPED)) {
    if (SHORT_ESCAPES.includes(character)) size += 1;
    else if (character < '\u007f') size += 5;
    else if (character >= '\u2028') size += 3;
  }
  return size;
}
