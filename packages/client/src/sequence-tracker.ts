/** What a sequence number means for the receiver. */
export type SequenceVerdict = 'next' | 'duplicate' | 'gap';

/**
 * Follows the sequence numbers of one session and knows which of them are handled without a hole.
 *
 * Source: arcp sections 2.6 (S-51) and 4.2 (V-4).
 */
export class SequenceTracker {
  #last: number;
  readonly #open = new Set<number>();

  constructor(last = 0) {
    this.#last = last;
  }

  /** The highest number that was delivered. */
  get last(): number {
    return this.#last;
  }

  /** The highest number at and below which everything is handled. */
  get handled(): number {
    // A set keeps the order of insertion, and numbers come in ascending.
    for (const oldest of this.#open) return oldest - 1;
    return this.#last;
  }

  /** Looks at a number and, when it is the next one, takes it as delivered. */
  receive(sequence: number): SequenceVerdict {
    if (sequence <= this.#last) return 'duplicate';
    if (sequence > this.#last + 1) return 'gap';
    this.#last = sequence;
    return 'next';
  }

  /** Marks the newest number as not yet handled; the returned function marks it as handled, once. */
  hold(sequence: number): () => void {
    this.#open.add(sequence);
    return () => {
      this.#open.delete(sequence);
    };
  }
}
