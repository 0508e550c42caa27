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
  /** Up to how many bytes the whole result is kept for peers that take no chunks; 0 keeps nothing. */
  readonly keepBytes: number;
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
  #kept: Uint8Array[] | undefined;

  constructor(resultId: string, sink: ChunkSink) {
    this.resultId = resultId;
    this.#sink = sink;
    this.#kept = sink.keepBytes > 0 ? [] : undefined;
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
    if (this.#size > this.#sink.keepBytes) this.#kept = undefined;
    this.#kept?.push(bytes);
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

  /** The whole result as text (base64 when it is no UTF-8), if it was kept. Source: arcp section 2.3, `result_chunk`. */
  inline(): string | undefined {
    if (this.#kept === undefined) return undefined;
    const whole = Buffer.concat(this.#kept);
    const text = whole.toString('utf8');
    return Buffer.from(text, 'utf8').equals(whole) ? text : whole.toString('base64');
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
