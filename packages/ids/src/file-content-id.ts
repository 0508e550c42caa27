import { createReadStream } from 'node:fs';
import { EngramkitError, InvalidInputError } from '@engramkit/core';
import { createContentHasher } from './content-hasher.js';
import { contentId } from './content-id.js';
import type { DigestAlgorithm } from './hash.js';
import { parsePythonJson } from './python-json.js';
import type { ContentIdScheme } from './scheme.js';

/** Options of {@link fileContentId}. */
export interface FileContentIdOptions {
  /** `cidv1-raw` names the bytes as they are; all other schemes read the file as JSON. */
  readonly scheme: ContentIdScheme;
  /** Digest of the `cidv1-…` schemes; default `sha2-256`. */
  readonly digest?: DigestAlgorithm | undefined;
  /** The most bytes of a file that is read as JSON; default 64 MiB. Raw files may have any size. */
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_JSON_BYTES = 64 * 1024 * 1024;

/**
 * The content id of a file or a stream of bytes.
 *
 * `cidv1-raw` names the bytes and needs no memory for them. The other schemes parse the bytes as JSON first, without losing
 * what tells `1` from `1.0`, and name the value; NaN and infinities are only read under `python`. Members that occur twice are
 * refused.
 *
 * Throws `CONTENT_FILE_UNREADABLE` naming the file, `JSON_INVALID` and its kin, and `CanonicalizationError`.
 */
export async function fileContentId(
  source: string | URL | AsyncIterable<Uint8Array>,
  options: FileContentIdOptions,
): Promise<string> {
  const { scheme, digest, signal } = options;
  const isFile = typeof source === 'string' || source instanceof URL;
  const what = isFile ? String(source) : 'the input';
  const chunks = isFile ? createReadStream(source) : source;
  const hasher = scheme === 'cidv1-raw' ? createContentHasher({ scheme, digest }) : undefined;
  const pieces: Uint8Array[] = [];
  const maxBytes = options.maxBytes ?? DEFAULT_JSON_BYTES;
  let size = 0;
  try {
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      if (hasher !== undefined) hasher.update(chunk);
      else {
        size += chunk.byteLength;
        if (size > maxBytes) throw tooLarge(what, maxBytes);
        pieces.push(chunk);
      }
    }
  } catch (error) {
    throw isSystemError(error) ? unreadable(what, error) : error;
  }
  if (hasher !== undefined) return hasher.id();
  const value = parsePythonJson(Buffer.concat(pieces), {
    what,
    maxBytes,
    duplicateKeys: 'refuse',
    nonFinite: scheme === 'python',
  });
  return contentId(value, { scheme, digest });
}

function isSystemError(error: unknown): boolean {
  return typeof (error as { readonly syscall?: unknown } | null)?.syscall === 'string';
}

function unreadable(what: string, cause: unknown): EngramkitError {
  const code = String((cause as { readonly code?: unknown }).code);
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'access is denied',
    EISDIR: 'it is a directory',
  };
  return new EngramkitError(`${what} cannot be read: ${reasons[code] ?? code}.`, {
    code: 'CONTENT_FILE_UNREADABLE',
    details: { file: what, reason: code },
    hint: 'Check the path and its permissions.',
    cause,
  });
}

function tooLarge(what: string, maxBytes: number): InvalidInputError {
  return new InvalidInputError(
    `${what} has more than the ${maxBytes} bytes that are read as JSON.`,
    {
      code: 'JSON_TOO_LARGE',
      details: { maxBytes },
      hint: 'Raise the limit, or name the bytes with the scheme cidv1-raw.',
    },
  );
}
