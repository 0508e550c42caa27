import { InvalidInputError, utf8Length } from '@engramkit/core';
import { cutToBytes, dropOneDash, lowerCase, trimSpace } from './go-text.js';
import { sha256Hex } from './hash.js';

// Lengths and hash sizes of derived names. Source: bobrapet-batch section 3.2.
const LONGEST_NAME_BYTES = 63;
const NAME_HASH_LENGTH = 12;
const LONGEST_LABEL_BYTES = 63;
const LABEL_HASH_LENGTH = 10;
const NAMELESS = 'resource';

/**
 * A Kubernetes object name of at most 63 bytes, made of the parts.
 *
 * Parts are trimmed, lower-cased, other characters than letters and digits become single dashes, and empty parts vanish;
 * nothing left yields `resource`. A longer name is cut and ends in 12 hex digits of a hash over the raw parts. For instance,
 * the name of a StepRun is `composeName(storyRunName, stepName)`.
 *
 * Source: bobrapet-batch section 3.2.
 */
export function composeName(...parts: readonly string[]): string {
  const joined = parts
    .map(sanitizeSegment)
    .filter((part) => part !== '')
    .join('-');
  if (joined === '') return NAMELESS;
  if (utf8Length(joined) <= LONGEST_NAME_BYTES) return joined;
  const kept = cutToBytes(joined, LONGEST_NAME_BYTES - NAME_HASH_LENGTH - 1);
  return `${dropOneDash(kept)}-${hashOfParts(parts)}`;
}

/**
 * A Kubernetes object name of at most 63 bytes that keeps its suffix whole.
 *
 * For instance, the runner's ServiceAccount is `composeNameWithSuffix(storyRunName, 'engram-runner')`. Throws
 * `NAME_SUFFIX_TOO_LONG` when suffix and hash leave no room.
 *
 * Source: bobrapet-batch section 3.2.
 */
export function composeNameWithSuffix(base: string, suffix: string): string {
  const end = sanitizeSegment(suffix);
  const start = sanitizeSegment(base);
  const joined = [start, end].filter((part) => part !== '').join('-');
  if (joined === '') return NAMELESS;
  if (utf8Length(joined) <= LONGEST_NAME_BYTES) return joined;
  if (end === '') return composeName(base);
  // Two dashes and the hash stand between what is left of the base and the suffix.
  const room = LONGEST_NAME_BYTES - utf8Length(end) - NAME_HASH_LENGTH - 2;
  if (room < -1) {
    throw new InvalidInputError(
      `The name suffix has ${utf8Length(end)} bytes; at most ${LONGEST_NAME_BYTES - NAME_HASH_LENGTH - 1} fit.`,
      {
        code: 'NAME_SUFFIX_TOO_LONG',
        details: { suffixBytes: utf8Length(end), longestNameBytes: LONGEST_NAME_BYTES },
        hint: 'Use a shorter suffix.',
      },
    );
  }
  const kept = dropOneDash(cutToBytes(start, Math.max(0, room)));
  return [kept, hashOfParts([base, suffix]), end].filter((part) => part !== '').join('-');
}

/**
 * A valid Kubernetes label value of at most 63 characters.
 *
 * Lower-case ASCII letters and digits stay, anything else becomes single dashes; nothing left yields `resource`. A longer value
 * is cut to 52 characters and ends in 10 hex digits of a hash of the whole.
 *
 * Source: bobrapet-batch section 3.2.
 */
export function labelSafeValue(value: string): string {
  const sanitized = sanitizeAscii(trimSpace(value));
  if (sanitized === '') return NAMELESS;
  if (sanitized.length <= LONGEST_LABEL_BYTES) return sanitized;
  const kept = sanitized
    .slice(0, LONGEST_LABEL_BYTES - LABEL_HASH_LENGTH - 1)
    .replace(/^[-_.]+|[-_.]+$/g, '');
  return `${kept}-${sha256Hex(sanitized).slice(0, LABEL_HASH_LENGTH)}`;
}

/** Lower case; ASCII letters and digits stay, every other run becomes one dash, none at the ends. */
export function sanitizeAscii(text: string): string {
  return lowerCase(text)
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

function sanitizeSegment(segment: string): string {
  return lowerCase(trimSpace(segment))
    .replace(/[^\p{Ll}\p{Nd}]+/gu, '-')
    .replace(/^-|-$/g, '');
}

function hashOfParts(parts: readonly string[]): string {
  return sha256Hex(parts.map((part) => `${part}\0`).join('')).slice(0, NAME_HASH_LENGTH);
}
