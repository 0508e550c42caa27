import { hash } from 'node:crypto';
import { EngramkitError, type JsonObject, type JsonValue, parseJson } from '@engramkit/core';
import { canonicalize } from '@engramkit/ids';
import type { MerkleTree } from './merkle.js';

/** A signature over a seal. */
export interface SealSignature {
  /** Key id: 16 hex digits, the first 8 bytes of SHA-256 of the public key's SPKI form. Source: provenance section 8.7. */
  readonly key: string;
  /** Name of the key as C2SP signed notes use it. */
  readonly name: string;
  /** Ed25519 signature over {@link sealText}, base64. */
  readonly sig: string;
}

/** Signs what a ledger seals. Synchronous, as seals are part of the chain. */
export interface LedgerSigner {
  readonly keyId: string;
  readonly name: string;
  sign(text: string): Uint8Array;
}

/**
 * What checkpoints and close entries say about all entries before them.
 *
 * Source: provenance section 8.6.
 */
export interface Seal {
  /** Identity of the ledger: a UUID, given when it was made. */
  readonly ledger: string;
  /** How many entries the tree covers: all before this one. */
  readonly size: number;
  /** Merkle root over their hashes, hex. */
  readonly root: string;
  /** Roots of the perfect subtrees, largest first, hex: a writer goes on from here without reading older entries. */
  readonly frontier: readonly string[];
  /** The entry's own time again, so that the signature covers it. */
  readonly time: string;
  readonly signatures?: readonly SealSignature[];
}

/** Makes the body of a sealing entry: the seal, further members, and the signature if there is a signer. */
export function sealBody(
  seal: { readonly ledger: string; readonly tree: MerkleTree; readonly time: string },
  extra: JsonObject,
  signers: readonly LedgerSigner[],
): JsonObject {
  const body: JsonObject = {
    ...extra,
    ledger: seal.ledger,
    size: seal.tree.size,
    root: seal.tree.root(),
    frontier: [...seal.tree.frontier()],
    time: seal.time,
  };
  if (signers.length === 0) return body;
  const text = sealText(body);
  return {
    ...body,
    signatures: signers.map((signer) => ({
      key: signer.keyId,
      name: signer.name,
      sig: Buffer.from(signer.sign(text)).toString('base64'),
    })),
  };
}

/**
 * The text that a seal's signatures cover: a C2SP checkpoint with one extension line for the whole body.
 *
 * Lines: origin, tree size, root in base64, `body <SHA-256 of the RFC 8785 body without signatures, hex>`.
 * Source: provenance section 8.6; C2SP tlog-checkpoint.
 */
export function sealText(body: JsonObject): string {
  const { signatures: _signatures, ...signed } = body;
  const root = Buffer.from(String(body.root), 'hex').toString('base64');
  const digest = hash('sha256', canonicalize(signed, { scheme: 'jcs' }), 'hex');
  return `${sealOrigin(String(body.ledger))}\n${String(body.size)}\n${root}\nbody ${digest}\n`;
}

/** The origin line of a ledger's checkpoints. */
export function sealOrigin(ledger: string): string {
  return `provchain/${ledger}`;
}

/** Reads the seal in the body of a `checkpoint` or `close` entry; undefined when the body has none or a broken one. */
export function readSeal(
  bodyText: string,
): { readonly seal: Seal; readonly body: JsonObject } | undefined {
  const body = readBody(bodyText);
  if (body === undefined) return undefined;
  const { ledger, size, root, frontier, time, signatures } = body;
  if (typeof ledger !== 'string' || typeof root !== 'string' || typeof time !== 'string') {
    return undefined;
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  if (!isTextList(frontier)) return undefined;
  const seal = { ledger, size, root, frontier, time };
  if (signatures === undefined) return { seal, body };
  const read = readSignatures(signatures);
  return read === undefined ? undefined : { seal: { ...seal, signatures: read }, body };
}

/** The signatures of a seal or of a key rotation; undefined when they are malformed. */
export function readSignatures(value: JsonValue | undefined): readonly SealSignature[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const read: SealSignature[] = [];
  for (const item of value as readonly JsonValue[]) {
    if (!isObject(item)) return undefined;
    const { key, name, sig } = item;
    if (typeof key !== 'string' || typeof name !== 'string' || typeof sig !== 'string') {
      return undefined;
    }
    read.push({ key, name, sig });
  }
  return read;
}

/** The body of an entry as JSON; undefined when it is no object. */
export function readBody(bodyText: string): JsonObject | undefined {
  try {
    const value = parseJson(bodyText, {
      maxBytes: 256 << 20,
      maxDepth: 300,
      prototypeKeys: 'keep', // The keys are own properties, and a recorded body may have any.
    });
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof EngramkitError) return undefined;
    throw error;
  }
}

/** Whether the value is a JSON object. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextList(value: JsonValue | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
