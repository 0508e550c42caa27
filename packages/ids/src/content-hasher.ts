import type { ByteSink } from './byte-sink.js';
import { formatCid } from './cid-v1.js';
import { type DigestAlgorithm, platformDigestName, startDigest } from './hash.js';
import { platformCrypto } from './platform-modules.js';
import { type ContentIdScheme, schemeFacts } from './scheme.js';

/** Options of {@link createContentHasher}. */
export interface ContentHasherOptions {
  /** Default `cidv1-raw`: the bytes as they are. */
  readonly scheme?: ContentIdScheme | undefined;
  /** Digest of the `cidv1-…` schemes; default `sha2-256`. Other schemes have only their own. */
  readonly digest?: DigestAlgorithm | undefined;
}

/** Names content that arrives piece by piece. */
export interface ContentHasher {
  /** Adds bytes, or the UTF-8 form of a text. Throws after {@link ContentHasher.id} was called. */
  update(data: string | Uint8Array): this;
  /** The identifier of everything added; ends the hasher. */
  id(): string;
}

/**
 * Names large content without holding it: feed the canonical bytes in pieces, then ask for the identifier.
 *
 * The bytes are taken as they are: for schemes of JSON they must be canonical already. To name any JSON value use `contentId`,
 * which works piece by piece itself; to name a file, `fileContentId`.
 */
export function createContentHasher(options: ContentHasherOptions = {}): ContentHasher {
  const { scheme = 'cidv1-raw', digest } = options;
  const algorithm = digestOf(scheme, digest);
  const running = startDigest(algorithm);
  return {
    update(data) {
      running.update(data);
      return this;
    },
    id: () => spellId(scheme, algorithm, running.digest()),
  };
}

/** The digest of a scheme, or the one that was chosen where there is a choice. */
export function digestOf(
  scheme: ContentIdScheme,
  chosen: DigestAlgorithm | undefined,
): DigestAlgorithm {
  const { codec, algorithm } = schemeFacts(scheme);
  return codec === undefined ? algorithm : (chosen ?? algorithm);
}

/** Writes an identifier as its scheme spells it. Source: function-descriptor section 4. */
export function spellId(
  scheme: ContentIdScheme,
  algorithm: DigestAlgorithm,
  digest: Uint8Array,
): string {
  const { codec } = schemeFacts(scheme);
  if (codec !== undefined) {
    return formatCid(codec, algorithm, Buffer.from(digest).toString('latin1'));
  }
  return spellHex(scheme, Buffer.from(digest).toString('hex'));
}

/** {@link spellId} for schemes that print hexadecimal digits. */
export function spellHex(scheme: ContentIdScheme, hex: string): string {
  if (scheme === 'python') return `sha256:${hex}`;
  return scheme === 'jcs' ? `jcs-sha256:${hex}` : hex;
}

/** The identifier of bytes that are all there. */
export function idOfBytes(
  scheme: ContentIdScheme,
  algorithm: DigestAlgorithm,
  bytes: Uint8Array,
): string {
  const name = platformDigestName(algorithm);
  const { hash } = platformCrypto();
  const { codec } = schemeFacts(scheme);
  if (codec === undefined) return spellHex(scheme, hash(name, bytes, 'hex'));
  return formatCid(codec, algorithm, hash(name, bytes, 'binary'));
}

/** Hashes a canonical form as it is written; small ones in a single call. */
export class DigestSink implements ByteSink {
  readonly #scheme: ContentIdScheme;
  readonly #algorithm: DigestAlgorithm;
  #running: ReturnType<typeof startDigest> | undefined;
  #id: string | undefined;

  constructor(scheme: ContentIdScheme, algorithm: DigestAlgorithm) {
    this.#scheme = scheme;
    this.#algorithm = algorithm;
  }

  take(piece: Uint8Array, last: boolean): void {
    if (last && this.#running === undefined) {
      this.#id = idOfBytes(this.#scheme, this.#algorithm, piece);
      return;
    }
    this.#running ??= startDigest(this.#algorithm);
    this.#running.update(piece);
  }

  id(): string {
    this.#id ??= spellId(
      this.#scheme,
      this.#algorithm,
      (this.#running ?? startDigest(this.#algorithm)).digest(),
    );
    return this.#id;
  }
}
