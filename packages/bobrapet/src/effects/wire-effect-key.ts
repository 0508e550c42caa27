import { createHash } from 'node:crypto';
import { trimSpace } from '@engramkit/core';

// Source: bobrapet-batch section 7.2.
const LONGEST_KEY = 256;
const HASHED = 'sha256:';
/** Control characters, and halves of a character: not every reader keeps them. */
const UNSAFE = /[\p{Cc}\p{Cs}]/u;

/**
 * The effect key of an EffectClaim for any key: itself where the cluster keeps it as it is, else a hash of it.
 *
 * Hashed are keys with surrounding space, control characters, lone surrogates or more than 256 characters, and those that look
 * like a hash, so that no two keys share a claim.
 */
export function wireEffectKey(key: string): string {
  const isPlain =
    key !== '' &&
    key === trimSpace(key) &&
    key.length <= LONGEST_KEY &&
    !UNSAFE.test(key) &&
    !key.startsWith(HASHED);
  // UTF-16 keeps lone surrogates apart, which UTF-8 does not.
  return isPlain ? key : `${HASHED}${createHash('sha256').update(key, 'utf16le').digest('hex')}`;
}
