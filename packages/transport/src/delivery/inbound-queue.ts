import type { InboundMessage } from '@engramkit/engram';
import type { Delivery } from './delivery-ledger.js';

/** A message that waits for the engram. */
export interface Waiting {
  readonly message: InboundMessage;
  readonly delivery: Delivery;
}

interface Reader {
  readonly resolve: (result: IteratorResult<InboundMessage>) => void;
  readonly reject: (reason: unknown) => void;
}

const OVER: IteratorResult<InboundMessage> = { done: true, value: undefined };

/**
 * What waits for the engram; whoever fills it stops reading from the connection while it is full.
 *
 * Every loop over it goes on where the one before stopped.
 */
export class InboundQueue implements AsyncIterable<InboundMessage> {
  readonly #capacity: number;
  readonly #onRoom: () => void;
  #waiting: Waiting[] = [];
  #readers: Reader[] = [];
  #end: { readonly reason?: unknown; readonly failed: boolean } | undefined;

  constructor(capacity: number, onRoom: () => void) {
    this.#capacity = capacity;
    this.#onRoom = onRoom;
  }

  get full(): boolean {
    return this.#waiting.length >= this.#capacity;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Hands the message over or lets it wait; what comes after the end is dropped. */
  push(waiting: Waiting): void {
    if (this.#end !== undefined) return;
    const reader = this.#readers.shift();
    if (reader === undefined) {
      this.#waiting.push(waiting);
      return;
    }
    waiting.delivery.handed = true;
    reader.resolve({ done: false, value: waiting.message });
  }

  /** Puts messages before all others. */
  putBack(messages: readonly Waiting[]): void {
    if (this.#end !== undefined) return;
    const rest = this.#waiting;
    this.#waiting = [];
    for (const one of [...messages, ...rest]) this.push(one);
  }

  /** Forgets who waits for a message: the loop they belong to is over. */
  dropReaders(): void {
    for (const reader of this.#readers.splice(0)) reader.resolve(OVER);
  }

  /** No more messages come; what waits is still handed over. */
  close(): void {
    this.#finish({ failed: false });
  }

  /** Nothing is handed over any more: who waits hears the reason. */
  fail(reason: unknown): void {
    this.#waiting = [];
    this.#finish({ failed: true, reason });
  }

  [Symbol.asyncIterator](): AsyncIterator<InboundMessage> {
    return { next: () => this.#next() };
  }

  #next(): Promise<IteratorResult<InboundMessage>> {
    const wasFull = this.full;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting.delivery.handed = true;
      if (wasFull && !this.full) this.#onRoom();
      return Promise.resolve({ done: false, value: waiting.message });
    }
    if (this.#end?.failed === true) return Promise.reject(this.#end.reason);
    if (this.#end !== undefined) return Promise.resolve(OVER);
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  #finish(end: { readonly failed: boolean; readonly reason?: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const reader of this.#readers.splice(0)) {
      if (end.failed) reader.reject(end.reason);
      else reader.resolve(OVER);
    }
  }
}
