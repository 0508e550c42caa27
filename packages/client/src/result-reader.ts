import {
  type ArcpError,
  ChunkAssembler,
  type JobEventBodies,
  type Terminal,
} from '@engramkit/arcp';

/** More unread bytes of one result than this are refused, so that a forgotten reader cannot fill the memory. */
const UNREAD_LIMIT = 64 * 1024 * 1024;

/**
 * The decoded chunks of a streamed result, in order, without the whole ever being held.
 *
 * A protocol violation fails the reader; the outcome of the job is not touched. Source: arcp section 4.4, V-23.
 */
export class ResultReader {
  readonly #assembler = new ChunkAssembler();
  #chunks: Uint8Array[] = [];
  #unread = 0;
  #ended = false;
  #failure: unknown;
  #wake: (() => void) | undefined;
  #keep = true;

  /** Whether any chunk came. */
  get started(): boolean {
    return this.#assembler.resultId !== undefined;
  }

  accept(chunk: JobEventBodies['result_chunk']): void {
    if (this.#failure !== undefined || this.#ended) return;
    try {
      const bytes = this.#assembler.accept(chunk);
      if (!this.#keep || bytes.length === 0) return;
      this.#chunks.push(bytes);
      this.#unread += bytes.length;
      if (this.#unread > UNREAD_LIMIT)
        throw new RangeError(`more than ${UNREAD_LIMIT} bytes of the result wait to be read`);
    } catch (failure) {
      this.#fail(failure);
    }
    this.#wake?.();
  }

  finish(terminal: Terminal): void {
    if (this.#ended) return;
    if (terminal.status === 'success' && this.#failure === undefined) {
      try {
        this.#assembler.finish(terminal);
      } catch (failure) {
        this.#fail(failure);
      }
    } else if (terminal.status !== 'success') this.#fail(terminal.error);
    this.#ended = true;
    this.#wake?.();
  }

  abandon(error: ArcpError): void {
    if (this.#ended) return;
    this.#fail(error);
    this.#ended = true;
    this.#wake?.();
  }

  /** Nobody will read: chunks are checked and let go. */
  discard(): void {
    this.#keep = false;
    this.#chunks = [];
    this.#unread = 0;
  }

  /** The chunks as they come; reads once. */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#unread -= chunk.length;
        yield chunk;
        continue;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  #fail(failure: unknown): void {
    this.#failure = failure;
    this.#chunks = [];
    this.#unread = 0;
  }
}
