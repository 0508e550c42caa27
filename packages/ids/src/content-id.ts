import { InvalidInputError } from '@engramkit/core';
import { type CidCodec, parseCid } from './cid-v1.js';
import { DigestSink, digestOf, idOfBytes, spellId } from './content-hasher.js';
import type { DigestAlgorithm } from './hash.js';
import { platformCrypto } from './platform-modules.js';
import {
  type CanonicalizeOptions,
  type ContentIdScheme,
  schemeFacts,
  writeCanonical,
} from './scheme.js';

/** Options of {@link contentId}. */
export interface ContentIdOptions extends CanonicalizeOptions {
  /** Digest of the `cidv1-…` schemes; default `sha2-256`. Other schemes have only their own. */
  readonly digest?: DigestAlgorithm | undefined;
}

/**
 * The identifier of a value: equal values have equal identifiers, whatever the order of their members.
 *
 * Under `cidv1-raw`, a Uint8Array stands for its bytes and anything else for its `python` text. Throws a
 * `CanonicalizationError` that names the path of anything without a canonical form. Memory stays flat: the canonical form is
 * hashed while it is written.
 *
 * Source: function-descriptor sections 3 and 4, sandbox section 4.
 */
export function contentId(value: unknown, options: ContentIdOptions = {}): string {
  const scheme = options.scheme ?? 'python';
  const algorithm = digestOf(scheme, options.digest);
  if (scheme === 'cidv1-raw' && value instanceof Uint8Array) {
    return idOfBytes(scheme, algorithm, value);
  }
  const sink = new DigestSink(scheme, algorithm);
  writeCanonical(value, sink, options);
  return sink.id();
}

/** An identifier taken apart. */
export interface ParsedContentId {
  /** The identifier as it was given. */
  readonly id: string;
  readonly scheme: ContentIdScheme;
  readonly digestAlgorithm: DigestAlgorithm;
  /** The 32 bytes of the digest. */
  readonly digest: Uint8Array;
}

const SCHEME_OF_CODEC: Readonly<Record<CidCodec, ContentIdScheme>> = {
  raw: 'cidv1-raw',
  json: 'cidv1-json',
  'dag-json': 'cidv1-dag-json',
  'dag-cbor': 'cidv1-dag-cbor',
};

/**
 * Recognises an identifier by its spelling; throws `INVALID_CONTENT_ID`.
 *
 * `sha256:<hex>` is `python`, `jcs-sha256:<hex>` is `jcs`, 64 bare hexadecimal digits are `serde-sha3`, and CIDs say themselves
 * what they are. Only the spelling that this package writes is accepted, so that one content has one identifier.
 *
 * Source: function-descriptor section 4.
 */
export function parseContentId(id: string): ParsedContentId {
  const hex = /^(sha256:|jcs-sha256:|)([0-9a-f]{64})$/.exec(id);
  if (hex !== null) {
    const scheme = hex[1] === 'sha256:' ? 'python' : hex[1] === '' ? 'serde-sha3' : 'jcs';
    return {
      id,
      scheme,
      digestAlgorithm: schemeFacts(scheme).algorithm,
      digest: Uint8Array.from(Buffer.from(hex[2]!, 'hex')),
    };
  }
  const cid = parseCid(id);
  if (typeof cid !== 'string') {
    const { codec, algorithm, digest } = cid;
    return { id, scheme: SCHEME_OF_CODEC[codec], digestAlgorithm: algorithm, digest };
  }
  const shown = id.length <= 100 ? id : `${id.slice(0, 100)}…`;
  throw new InvalidInputError(`${JSON.stringify(shown)} is no content id: ${reasonFor(id, cid)}.`, {
    code: 'INVALID_CONTENT_ID',
    hint: 'Expected sha256:<64 hex>, jcs-sha256:<64 hex>, 64 hex digits, or a CIDv1 in lower-case base32, such as bafkrei….',
  });
}

function reasonFor(id: string, cidReason: string): string {
  if (/^(jcs-)?sha256:/i.test(id) || /^[0-9a-f]{60,68}$/i.test(id)) {
    return 'its digest must be 64 lower-case hexadecimal digits';
  }
  return id === '' ? 'it is empty' : cidReason;
}

/** Options of {@link verifyContentId}. */
export interface VerifyContentIdOptions extends Omit<CanonicalizeOptions, 'scheme'> {
  /** The scheme that the identifier must have; throws `CONTENT_ID_SCHEME_MISMATCH` otherwise. */
  readonly scheme?: ContentIdScheme | undefined;
}

/**
 * Whether the identifier is the one of the value, under the scheme that the identifier says.
 *
 * Throws `INVALID_CONTENT_ID` for an identifier that is none, and a `CanonicalizationError` for a value that has none under that
 * scheme. Source: function-descriptor section 4.
 */
export function verifyContentId(
  value: unknown,
  id: string,
  options: VerifyContentIdOptions = {},
): boolean {
  const claimed = parseContentId(id);
  if (options.scheme !== undefined && options.scheme !== claimed.scheme) {
    throw new InvalidInputError(
      `The content id has the scheme ${claimed.scheme}, but ${options.scheme} was expected.`,
      {
        code: 'CONTENT_ID_SCHEME_MISMATCH',
        details: { scheme: claimed.scheme, expected: options.scheme },
        hint: 'Identifiers of different schemes never say whether contents are equal; make both with one scheme.',
      },
    );
  }
  const actual = contentId(value, {
    ...options,
    scheme: claimed.scheme,
    digest: claimed.digestAlgorithm,
  });
  return platformCrypto().timingSafeEqual(parseContentId(actual).digest, claimed.digest);
}

/** Schemes that hash the same bytes with the same digest, so that their identifiers convert without the content. */
const TWINS: readonly (readonly [ContentIdScheme, ContentIdScheme])[] = [
  ['python', 'cidv1-raw'],
  ['jcs', 'cidv1-json'],
];

/**
 * Spells an identifier in another scheme that hashes the same bytes: `python` and `cidv1-raw`, `jcs` and `cidv1-json`.
 *
 * Throws `CONTENT_ID_NOT_CONVERTIBLE` for any other pair, and for a digest that the other scheme lacks. Nothing is lost: back
 * and forth yields the same identifier. Source: function-descriptor section 4.
 */
export function convertContentId(
  id: string,
  options: { readonly scheme: ContentIdScheme },
): string {
  const { scheme, digestAlgorithm, digest } = parseContentId(id);
  const target = options.scheme;
  const isTwin = TWINS.some((pair) => pair.includes(scheme) && pair.includes(target));
  if (!isTwin || digestOf(target, digestAlgorithm) !== digestAlgorithm) {
    throw new InvalidInputError(
      `A ${digestAlgorithm} identifier of the scheme ${scheme} cannot be spelled in the scheme ${target}.`,
      {
        code: 'CONTENT_ID_NOT_CONVERTIBLE',
        details: { scheme, target },
        hint: 'Make the identifier anew from the content.',
      },
    );
  }
  return spellId(target, digestAlgorithm, digest);
}
