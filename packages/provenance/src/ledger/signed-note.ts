import { createPublicKey, hash } from 'node:crypto';
import { canonicalize } from '@engramkit/ids';
import type { LedgerEntry } from './read-ledger.js';
import { readSeal, sealText } from './seal.js';
import { keyIdOf } from './signing-key.js';
import type { TrustedKey } from './trust.js';

/**
 * The checkpoint of a sealing entry as a C2SP signed note, which a transparency-log witness reads: origin, size, root, extension,
 * a blank line, one signature line per known key.
 *
 * Undefined for entries that seal nothing. `keys` are those whose signatures are written: a note line needs the public key.
 * Source: provenance section 8.6; C2SP tlog-checkpoint, signed-note.
 */
export function checkpointNote(
  entry: Pick<LedgerEntry, 'kind' | 'body'>,
  keys: readonly TrustedKey[],
): string | undefined {
  if (entry.kind !== 'checkpoint' && entry.kind !== 'close') return undefined;
  const read = readSeal(canonicalize(entry.body, { scheme: 'jcs' }));
  if (read === undefined) return undefined;
  const lines: string[] = [];
  for (const { key, name, sig } of read.seal.signatures ?? []) {
    const known = keys
      .map(({ publicKey }) => createPublicKey(publicKey))
      .find((publicKey) => keyIdOf(publicKey) === key);
    if (known === undefined) continue;
    const raw = known.export({ type: 'spki', format: 'der' }).subarray(-32);
    const keyHash = hash(
      'sha256',
      Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([ED25519_SIGNATURE]), raw]),
      'buffer',
    ).subarray(0, 4);
    const signature = Buffer.concat([keyHash, Buffer.from(sig, 'base64')]).toString('base64');
    lines.push(`— ${name} ${signature}\n`);
  }
  return `${sealText(read.body)}\n${lines.join('')}`;
}

/** The signature type of Ed25519 in key hashes. Source: C2SP signed-note. */
const ED25519_SIGNATURE = 1;
