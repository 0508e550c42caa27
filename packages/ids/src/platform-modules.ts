import { createRequire } from 'node:module';

// Loading these takes longer than everything else in this package; whoever only derives names needs neither.

let crypto: typeof import('node:crypto') | undefined;
let files: typeof import('node:fs/promises') | undefined;

/** `node:crypto`, loaded when first used. */
export function platformCrypto(): typeof import('node:crypto') {
  crypto ??= createRequire(import.meta.url)('node:crypto') as typeof import('node:crypto');
  return crypto;
}

/** `node:fs/promises`, loaded when first used. */
export function platformFiles(): typeof import('node:fs/promises') {
  files ??= createRequire(import.meta.url)('node:fs/promises') as typeof import('node:fs/promises');
  return files;
}
