import { ArcpError } from './error.js';
import type { JobEventBodies } from './job-event.js';

/** Limits of streamed results, decoded bytes. Source: arcp section 4.4, V-22. */
export const MAX_CHUNK_BYTES = 1024 * 1024;
/** Source: arcp section 4.4, V-22. */
export const MAX_RESULT_BYTES = 256 * 1024 * 1024;
/** The chunk size that keeps a frame below every known limit. Source: arcp section 4.4, V-22. */
export const DEFAULT_CHUNK_BYTES = 256 * 1024;

type Chunk = JobEventBodies['result_chunk'];

/**
 * Checks the chunks of one streamed result and decodes each on its own.
 *
 * Every violation is an `INVALID_REQUEST` that names the result; the job's outcome is not touched. Source: arcp section 4.4.
 */
export class ChunkAssembler {
  #resultId: string | undefined;
  #next = 0;
  #bytes = 0;
  #complete = false;

  get resultId(): string | undefined {
    return this.#resultId;
  }

  /** The decoded bytes of the next chunk. */
  accept(chunk: Chunk): Uint8Array {
    this.#resultId ??= chunk.resultId;
    if (chunk.resultId !== this.#resultId)
      throw this.#broken(`a second result ${chunk.resultId} began`);
    if (this.#complete) throw this.#broken('data came after the last chunk');
    if (chunk.chunkSeq !== this.#next) {
      throw this.#broken(
        this.#next === 0 && chunk.chunkSeq > 0
          ? 'the result is incomplete: its first chunks were sent before this reader joined'
          : `chunk ${chunk.chunkSeq} came where ${this.#next} was due`,
      );
    }
    const bytes = decodeChunk(chunk);
    if (bytes === undefined)
      throw this.#broken(`chunk ${chunk.chunkSeq} is not valid ${chunk.encoding}`);
    if (bytes.length > MAX_CHUNK_BYTES)
      throw this.#broken(`chunk ${chunk.chunkSeq} exceeds ${MAX_CHUNK_BYTES} bytes`);
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_RESULT_BYTES) throw this.#broken(`it exceeds ${MAX_RESULT_BYTES} bytes`);
    this.#next += 1;
    this.#complete = !chunk.more;
    return bytes;
  }

  /** Checks the announcement of `job.result`. A last chunk that said "more" is tolerated. */
  finish(announced: { readonly resultId?: string; readonly resultSize?: number }): void {
    if (
      announced.resultId !== undefined &&
      this.#resultId !== undefined &&
      announced.resultId !== this.#resultId
    ) {
      throw this.#broken(`the job announced ${announced.resultId}`);
    }
    this.#resultId ??= announced.resultId;
    if (announced.resultSize !== undefined && announced.resultSize !== this.#bytes) {
      throw this.#broken(
        `it has ${this.#bytes} bytes where ${announced.resultSize} were announced`,
      );
    }
  }

  #broken(why: string): ArcpError {
    return new ArcpError(
      'INVALID_REQUEST',
      `the streamed result ${this.#resultId} cannot be read: ${why}`,
      {
        details: { result_id: this.#resultId ?? null },
      },
    );
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const encoder = new TextEncoder();

function decodeChunk(chunk: Chunk): Uint8Array | undefined {
  if (chunk.encoding === 'utf8') return encoder.encode(chunk.data);
  if (!BASE64.test(chunk.data)) return undefined;
  const binary = atob(chunk.data);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** The bodies of a streamed result as an agent's runtime sends them. */
export function* chunkBodies(
  resultId: string,
  bytes: Uint8Array,
  options: {
    readonly firstSeq?: number;
    readonly last?: boolean;
    readonly chunkBytes?: number;
  } = {},
): Generator<Chunk> {
  const { firstSeq = 0, last = true, chunkBytes = DEFAULT_CHUNK_BYTES } = options;
  let chunkSeq = firstSeq;
  let at = 0;
  do {
    const end = Math.min(bytes.length, at + chunkBytes);
    yield {
      resultId,
      chunkSeq,
      data: base64(bytes.subarray(at, end)),
      encoding: 'base64',
      more: !(last && end === bytes.length),
    };
    chunkSeq += 1;
    at = end;
  } while (at < bytes.length);
}

const PIECE = 0x8000;

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += PIECE) {
    binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(binary);
}
