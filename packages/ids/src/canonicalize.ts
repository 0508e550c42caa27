import { InvalidInputError } from '@engramkit/core';
import type { ByteSink } from './byte-sink.js';
import {
  type CanonicalizeOptions,
  type ContentIdScheme,
  schemeFacts,
  writeCanonical,
} from './scheme.js';

/**
 * The canonical text of a value: equal values yield equal texts whatever the order of their members.
 *
 * Throws a `CanonicalizationError` that names the path of anything without a canonical form. The scheme `cidv1-dag-cbor` has
 * no text; {@link canonicalizeToBytes} takes every scheme.
 *
 * Source: function-descriptor sections 3 and 4, sandbox section 4.
 */
export function canonicalize(
  value: unknown,
  options: CanonicalizeOptions<Exclude<ContentIdScheme, 'cidv1-dag-cbor'>> = {},
): string {
  const { dialect } = schemeFacts(options.scheme ?? 'python');
  if (dialect === undefined) {
    throw new InvalidInputError(`The scheme ${options.scheme} has no text.`, {
      code: 'CANONICAL_FORM_IS_BINARY',
      hint: 'Use canonicalizeToBytes().',
    });
  }
  // Pieces end between characters; texts without characters beyond ASCII decode fastest as Latin-1.
  const sink = new TextSink(dialect.asciiOnly ? 'latin1' : 'utf8');
  writeCanonical(value, sink, options);
  return sink.text();
}

/** The canonical form as bytes (UTF-8 of the text, or DAG-CBOR); throws like {@link canonicalize}. */
export function canonicalizeToBytes(value: unknown, options: CanonicalizeOptions = {}): Uint8Array {
  const sink = new BytesSink();
  writeCanonical(value, sink, options);
  return sink.bytes();
}

class TextSink implements ByteSink {
  readonly #encoding: 'latin1' | 'utf8';
  #texts: string[] = [];

  constructor(encoding: 'latin1' | 'utf8') {
    this.#encoding = encoding;
  }

  take(piece: Uint8Array): void {
    this.#texts.push((piece as Buffer).toString(this.#encoding));
  }

  text(): string {
    return this.#texts.length === 1 ? this.#texts[0]! : this.#texts.join('');
  }
}

class BytesSink implements ByteSink {
  readonly #pieces: Uint8Array[] = [];

  take(piece: Uint8Array): void {
    this.#pieces.push(Uint8Array.prototype.slice.call(piece));
  }

  bytes(): Uint8Array {
    const [first, ...rest] = this.#pieces;
    if (first === undefined) return new Uint8Array();
    if (rest.length === 0) return plain(first);
    return plain(Buffer.concat(this.#pieces));
  }
}

/** A bare Uint8Array: Buffer's own methods differ in the corners. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
