import type { Hash } from 'node:crypto';
import { platformCrypto } from './platform-modules.js';

/** Lower-case hex SHA-256 of bytes, or of the UTF-8 form of a text. */
export function sha256Hex(data: string | Uint8Array): string {
  return platformCrypto().hash('sha256', data, 'hex');
}

/** Lower-case hex SHA-1; only for names that other programs derive with it, never for integrity. */
export function sha1Hex(data: string): string {
  return platformCrypto().hash('sha1', data, 'hex');
}

/** Lower-case hex SHA3-256 of bytes, or of the UTF-8 form of a text. */
export function sha3Hex(data: string | Uint8Array): string {
  return platformCrypto().hash('sha3-256', data, 'hex');
}

/** The digests that content identifiers use. */
export type DigestAlgorithm = 'sha2-256' | 'sha3-256';

/** The name of a digest in `node:crypto`. */
export function platformDigestName(algorithm: DigestAlgorithm): string {
  return algorithm === 'sha2-256' ? 'sha256' : 'sha3-256';
}

/** A digest that takes its data piece by piece. */
export function startDigest(algorithm: DigestAlgorithm): Hash {
  return platformCrypto().createHash(platformDigestName(algorithm));
}
