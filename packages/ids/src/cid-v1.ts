import type { DigestAlgorithm } from './hash.js';

/** What the bytes behind a CIDv1 are. Source: function-descriptor section 4. */
export type CidCodec = 'raw' | 'json' | 'dag-json' | 'dag-cbor';

const CODEC_CODES: Readonly<Record<CidCodec, number>> = {
  raw: 0x55,
  'dag-cbor': 0x71,
  'dag-json': 0x0129,
  json: 0x0200,
};
const DIGEST_CODES: Readonly<Record<DigestAlgorithm, number>> = {
  'sha2-256': 0x12,
  'sha3-256': 0x16,
};
const DIGEST_BYTES = 32;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

const LETTERS = new TextEncoder().encode(BASE32);

/** A CIDv1 taken apart. */
export interface CidParts {
  readonly codec: CidCodec;
  readonly algorithm: DigestAlgorithm;
  readonly digest: Uint8Array;
}

/** Longer than any text that is made here. */
const scratch = Buffer.alloc(96);

/**
 * The text of a CIDv1: version, codec, multihash, in lower-case base32 with its prefix `b`.
 *
 * The digest is a string of one character per byte, which is the form in which the platform hands it over fastest.
 */
export function formatCid(codec: CidCodec, algorithm: DigestAlgorithm, digest: string): string {
  const prefix = prefixOf(codec, algorithm);
  const size = prefix.length + digest.length;
  const text = scratch;
  text[0] = 0x62; // "b"
  let at = 1;
  let bits = 0;
  let count = 0;
  for (let index = 0; index < size; index++) {
    const byte = index < prefix.length ? prefix[index]! : digest.charCodeAt(index - prefix.length);
    bits = ((bits << 8) | byte) & 0xfff;
    count += 8;
    while (count >= 5) {
      count -= 5;
      text[at++] = LETTERS[(bits >> count) & 31]!;
    }
  }
  if (count > 0) text[at++] = LETTERS[(bits << (5 - count)) & 31]!;
  return text.toString('latin1', 0, at);
}

const PREFIXES: Readonly<Record<DigestAlgorithm, Map<CidCodec, Uint8Array>>> = {
  'sha2-256': new Map(),
  'sha3-256': new Map(),
};

function prefixOf(codec: CidCodec, algorithm: DigestAlgorithm): Uint8Array {
  const known = PREFIXES[algorithm].get(codec);
  if (known !== undefined) return known;
  const code = CODEC_CODES[codec];
  const varint = code < 0x80 ? [code] : [(code & 0x7f) | 0x80, code >> 7];
  const prefix = Uint8Array.of(1, ...varint, DIGEST_CODES[algorithm], DIGEST_BYTES);
  PREFIXES[algorithm].set(codec, prefix);
  return prefix;
}

/** Takes a CIDv1 apart; the reason, as a phrase, when it is none that this package writes. */
export function parseCid(text: string): CidParts | string {
  if (/^Qm[1-9A-HJ-NP-Za-km-z]{44}$/.test(text))
    return 'it is a CIDv0; convert it to a CIDv1 in base32';
  if (!/^b[a-z2-7]+$/.test(text)) return 'it is not lower-case base32 with the prefix "b"';
  const bytes = base32Bytes(text.slice(1));
  if (bytes === undefined) return 'its last letter carries stray bits';
  if (bytes[0] !== 1) return `its version is ${bytes[0] ?? 'missing'}, not 1`;
  for (const codec of Object.keys(CODEC_CODES) as CidCodec[]) {
    for (const algorithm of Object.keys(DIGEST_CODES) as DigestAlgorithm[]) {
      const prefix = prefixOf(codec, algorithm);
      if (!prefix.every((byte, index) => bytes[index] === byte)) continue;
      const digest = bytes.subarray(prefix.length);
      return digest.length === DIGEST_BYTES
        ? { codec, algorithm, digest }
        : `its digest has ${digest.length} bytes, not ${DIGEST_BYTES}`;
    }
  }
  return 'its codec or its digest is none of raw, json, dag-json, dag-cbor with sha2-256 or sha3-256';
}

function base32Bytes(letters: string): Uint8Array | undefined {
  const bytes = new Uint8Array((letters.length * 5) >> 3);
  let at = 0;
  let bits = 0;
  let count = 0;
  for (const letter of letters) {
    bits = ((bits << 5) | BASE32.indexOf(letter)) & 0x1fff;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes[at++] = (bits >> count) & 0xff;
    }
  }
  // What is left over must be padding: fewer than five bits, all zero.
  return count < 5 && (bits & ((1 << count) - 1)) === 0 ? bytes : undefined;
}
