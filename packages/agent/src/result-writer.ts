import { ArcpError, chunkBodies, DEFAULT_CHUNK_BYTES, MAX_RESULT_BYTES } from '@engramkit/arcp';
import type { JsonObject } from '@engramkit/core';

/** How a streamed result is announced. */
export interface StreamedResult {
  readonly resultId: string;
  readonly size: number;
  readonly summary?: string;
}

/** What the writer needs of its job. */
export interface ChunkSink {
  emit(body: JsonObject): Promise<void>;
}

/** Streams a result in chunks; each decodes on its own. Source: arcp section 4.4. */
export class ResultWriter {
  readonly resultId: string;
  readonly #sink: ChunkSink;
  #sequence = 0;
  #size = 0;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #summary: string | undefined;
  #ended = false;

  constructor(resultId: string, sink: ChunkSink) {
    this.resultId = resultId;
    this.#sink = sink;
  }

  /** Adds text or bytes; resolves when there is room for more. */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.#ended) throw new ArcpError('INVALID_REQUEST', 'the result has ended already');
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    if (this.#size + bytes.length > MAX_RESULT_BYTES) {
      throw new ArcpError(
        'INTERNAL_ERROR',
        `a streamed result may have at most ${MAX_RESULT_BYTES} bytes`,
        {
          details: { reason: 'result_too_large' },
        },
      );
    }
    this.#size += bytes.length;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= DEFAULT_CHUNK_BYTES) await this.#flush(false);
  }

  /** Ends the result; without it the runtime does when the agent returns. */
  async end(options: { readonly summary?: string } = {}): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#summary = options.summary;
    await this.#flush(true);
  }

  /** The announcement for `job.result`. */
  announcement(): StreamedResult {
    return {
      resultId: this.resultId,
      size: this.#size,
      ...(this.#summary === undefined ? {} : { summary: this.#summary }),
    };
  }

  async #flush(last: boolean): Promise<void> {
    const whole = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    for (const chunk of chunkBodies(this.resultId, whole, { firstSeq: this.#sequence, last })) {
      this.#sequence += 1;
      await this.#sink.emit({
        result_id: chunk.resultId,
        chunk_seq: chunk.chunkSeq,
        data: chunk.data,
        encoding: chunk.encoding,
        more: chunk.more,
      });
    }
  }
}
