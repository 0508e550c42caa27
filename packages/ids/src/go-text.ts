import { utf8Length } from '@engramkit/core';

// Text rules of the Go programs whose names and keys are reproduced here; JavaScript's own differ in the corners.

export { trimSpace } from '@engramkit/core';

/**
 * Lower case, each code point for itself, as Go's `strings.ToLower` does.
 *
 * `String.prototype.toLowerCase` looks at neighbours (final sigma) and writes U+0130 as two code points.
 */
export function lowerCase(text: string): string {
  let lower = '';
  for (const character of text) {
    lower += character === '\u0130' ? 'i' : character.toLowerCase();
  }
  return lower;
}

/** The longest prefix of whole code points whose UTF-8 form has at most `maximum` bytes. */
export function cutToBytes(text: string, maximum: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += utf8Length(character);
    if (bytes > maximum) return text.slice(0, end);
    end += character.length;
  }
  return text;
}

/** Removes one dash at the end, if there is one. */
export function dropOneDash(text: string): string {
  return text.endsWith('-') ? text.slice(0, -1) : text;
}

/** Removes all dashes at the end. */
export function dropTrailingDashes(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x2d) end--;
  return text.slice(0, end);
}
