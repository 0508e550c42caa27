import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { InvalidInputError, type JsonObject } from '@engramkit/core';
import type { ClaimedEntry } from './entry.js';
import type { MerkleTree } from './merkle.js';
import { isObject, readBody, readSeal, type SealSignature, sealText } from './seal.js';
import { keyIdOf } from './signing-key.js';

/** A key that may sign a ledger, and when. */
export interface TrustedKey {
  /** Public key: SPKI as PEM. */
  readonly publicKey: string;
  /** RFC 3339 UTC; seals before it are not accepted. */
  readonly validFrom?: string;
  /** RFC 3339 UTC; seals from it on are not accepted. */
  readonly validUntil?: string;
}

/** What can be wrong with a seal. */
export type SealFinding =
  | 'checkpoint'
  | 'foreign'
  | 'signature-invalid'
  | 'signature-untrusted'
  | 'signature-missing'
  | 'expected';

interface Vouched {
  readonly key: KeyObject;
  readonly from: number;
  readonly until: number;
}

/** Decides which signatures count. Keys that a trusted key introduced by a rotation are trusted from there on. */
export class TrustPolicy {
  readonly #keys = new Map<string, Vouched>();
  /** Keys that rotations brought without anybody trusted vouching for them. */
  readonly #known = new Map<string, KeyObject>();

  constructor(
    trusted: readonly TrustedKey[] | undefined,
    readonly required: boolean,
  ) {
    this.strict = trusted !== undefined;
    for (const item of trusted ?? []) {
      const key = publicKeyOf(item.publicKey);
      this.#keys.set(keyIdOf(key), {
        key,
        from: momentOf(item.validFrom, -Infinity),
        until: momentOf(item.validUntil, Infinity),
      });
    }
  }

  /** Whether signatures by unknown keys are damage. */
  readonly strict: boolean;

  /** Judges one signature over a text at a time. */
  judge(signature: SealSignature, text: string, time: string): 'trusted' | 'unknown' | SealFinding {
    const vouched = this.#keys.get(signature.key);
    const key = vouched?.key ?? this.#known.get(signature.key);
    const bytes = Buffer.from(signature.sig, 'base64');
    if (key !== undefined && !verify(null, Buffer.from(text), key, bytes))
      return 'signature-invalid';
    if (vouched === undefined) return this.strict ? 'signature-untrusted' : 'unknown';
    const at = Date.parse(time);
    return at >= vouched.from && at < vouched.until ? 'trusted' : 'signature-untrusted';
  }

  /** Learns a key that a rotation introduced. */
  learn(id: string, key: KeyObject, trusted: boolean, time: string): void {
    if (!trusted) this.#known.set(id, key);
    else if (!this.#keys.has(id)) {
      this.#keys.set(id, { key, from: Date.parse(time), until: Infinity });
    }
  }
}

/** What a sealing entry adds to the counts. */
export interface SealCount {
  readonly ledger: string;
  readonly seals: number;
  readonly trusted: number;
  readonly unknown: number;
}

/** Checks an entry that is no action: first entry, note, checkpoint or close. */
export function checkSeal(
  entry: ClaimedEntry,
  tree: MerkleTree,
  ledger: string,
  policy: TrustPolicy,
): SealCount | SealFinding {
  const nothing: SealCount = { ledger, seals: 0, trusted: 0, unknown: 0 };
  if (entry.kind === 'open') {
    const id = readBody(entry.bodyText)?.ledger;
    return typeof id === 'string' ? { ...nothing, ledger: id } : 'checkpoint';
  }
  if (entry.kind === 'note') return checkNote(entry, tree, nothing, policy);
  const read = readSeal(entry.bodyText);
  if (read === undefined) return 'checkpoint';
  return checkSealBody(entry, read.body, tree, nothing, policy);
}

function checkSealBody(
  entry: ClaimedEntry,
  body: JsonObject,
  tree: MerkleTree,
  count: SealCount,
  policy: TrustPolicy,
): SealCount | SealFinding {
  const seal = readSeal(entry.bodyText)?.seal;
  if (seal === undefined) return 'checkpoint';
  if (seal.ledger !== count.ledger) return 'foreign';
  if (seal.size !== tree.size || seal.time !== entry.time || seal.root !== tree.root()) {
    return 'checkpoint';
  }
  if (seal.frontier.join() !== tree.frontier().join()) return 'checkpoint';
  let trusted = 0;
  let unknown = 0;
  const text = seal.signatures === undefined ? '' : sealText(body);
  for (const signature of seal.signatures ?? []) {
    const judged = policy.judge(signature, text, entry.time);
    if (judged === 'trusted') trusted += 1;
    else if (judged === 'unknown') unknown += 1;
    else if (judged === 'signature-invalid' || entry.kind !== 'note') return judged;
  }
  if (policy.required && trusted === 0 && entry.kind !== 'note') return 'signature-missing';
  return { ...count, seals: entry.kind === 'note' ? 0 : 1, trusted, unknown };
}

function checkNote(
  entry: ClaimedEntry,
  tree: MerkleTree,
  count: SealCount,
  policy: TrustPolicy,
): SealCount | SealFinding {
  const body = readBody(entry.bodyText);
  if (body === undefined) return 'checkpoint';
  const { anchor, key_rotation: rotation } = body;
  if (isObject(anchor)) {
    if (anchor.ledger !== count.ledger) return 'foreign';
    const fits = anchor.size === tree.size && anchor.root === tree.root();
    return fits ? count : 'checkpoint';
  }
  if (!isObject(rotation)) return count;
  return checkRotation(entry, body, rotation, tree, count, policy);
}

/** A rotation counts when the new key signed it; the new key is trusted when a trusted old key signed it as well. */
function checkRotation(
  entry: ClaimedEntry,
  body: JsonObject,
  rotation: JsonObject,
  tree: MerkleTree,
  count: SealCount,
  policy: TrustPolicy,
): SealCount | SealFinding {
  const { to, public_key: publicKey } = rotation;
  if (typeof to !== 'string' || typeof publicKey !== 'string') return 'checkpoint';
  let key: KeyObject;
  try {
    key = publicKeyOf(publicKey);
  } catch {
    return 'checkpoint'; // The note does not hold a key.
  }
  if (keyIdOf(key) !== to) return 'signature-invalid';
  const signed = readSeal(entry.bodyText)?.seal.signatures?.find((item) => item.key === to);
  const sealed =
    signed !== undefined &&
    verify(null, Buffer.from(sealText(body)), key, Buffer.from(signed.sig, 'base64'));
  if (!sealed) return 'signature-invalid';
  const checked = checkSealBody(entry, body, tree, count, policy);
  if (typeof checked === 'string') return checked;
  policy.learn(to, key, checked.trusted > 0, entry.time);
  return checked;
}

/** Reads a public key; rejects anything but Ed25519. */
export function publicKeyOf(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (cause) {
    throw new InvalidInputError('a trusted key is not a public key in PEM form', {
      code: 'KEY_INVALID',
      cause,
      hint: 'Pass the SPKI PEM text that begins with "-----BEGIN PUBLIC KEY-----".',
    });
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new InvalidInputError(`a key of type ${key.asymmetricKeyType} cannot sign a ledger`, {
      code: 'KEY_INVALID',
      hint: 'Use an Ed25519 key.',
    });
  }
  return key;
}

function momentOf(text: string | undefined, absent: number): number {
  if (text === undefined) return absent;
  const moment = Date.parse(text);
  if (!Number.isNaN(moment)) return moment;
  throw new InvalidInputError(`${JSON.stringify(text.slice(0, 60))} is not a time`, {
    code: 'KEY_INVALID',
    hint: 'Write times as 2026-03-14T20:00:00Z.',
  });
}
