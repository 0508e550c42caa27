interface Sender {
  readonly bytes: Buffer;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

const ACCEPTED = Promise.resolve();

/**
 * What waits to be written; it outlives every connection, so that a lost one loses nothing that was not written.
 *
 * A sender waits while it is full.
 */
export class OutboundQueue {
  readonly #capacity: number;
  #waiting: Buffer[] = [];
  #senders: Sender[] = [];
  #failure: { readonly reason: unknown } | undefined;
  /** Told when there is something to write. */
  onAvailable: (() => void) | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#waiting.length === 0 && this.#senders.length === 0;
  }

  get size(): number {
    return this.#waiting.length + this.#senders.length;
  }

  /** Resolves when the bytes are accepted; rejects after {@link OutboundQueue.fail}. */
  push(bytes: Buffer): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.reason);
    if (this.#waiting.length < this.#capacity) {
      this.#waiting.push(bytes);
      this.onAvailable?.();
      return ACCEPTED;
    }
    return new Promise((resolve, reject) => this.#senders.push({ bytes, resolve, reject }));
  }

  /** The next bytes to write. */
  take(): Buffer | undefined {
    const bytes = this.#waiting.shift();
    const sender = this.#senders.shift();
    if (sender !== undefined) {
      this.#waiting.push(sender.bytes);
      sender.resolve();
    }
    return bytes;
  }

  /** Puts back, before all others, what was taken and not written. */
  putBack(taken: readonly Buffer[]): void {
    this.#waiting.unshift(...taken);
  }

  /** Nothing is written any more: who waits hears the reason. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#waiting = [];
    for (const sender of this.#senders.splice(0)) sender.reject(this.#failure.reason);
  }
}
