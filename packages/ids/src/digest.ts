import { idOfBytes } from './content-hasher.js';
import { contentId } from './content-id.js';
import { sha3Hex } from './hash.js';
import type { CanonicalizeOptions } from './scheme.js';

/** SHA3-256 of bytes (or of the UTF-8 form of a text) as 64 lower-case hexadecimal digits. Source: sandbox section 4. */
export function digestBytes(bytes: string | Uint8Array): string {
  return typeof bytes === 'string' ? sha3Hex(bytes) : idOfBytes('serde-sha3', 'sha3-256', bytes);
}

/**
 * SHA3-256 of the text that serde_json writes for a value, as 64 lower-case hexadecimal digits.
 *
 * The same as `contentId(value, { scheme: 'serde-sha3' })`. Throws a `CanonicalizationError` instead of hashing nothing when
 * the value has no such text. Source: sandbox section 4.
 */
export function digestJson(
  value: unknown,
  options: Omit<CanonicalizeOptions, 'scheme'> = {},
): string {
  return contentId(value, { ...options, scheme: 'serde-sha3' });
}
