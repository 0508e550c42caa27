import { EngramkitError } from '@engramkit/core';

/** A queue between one side that sends and one that receives, with back-pressure: sending waits while it is full. */
export interface Channel<Value> extends AsyncIterable<Value> {
  /** How many values wait to be received. */
  readonly size: number;
  /** Whether no value is accepted any more. */
  readonly closed: boolean;
  /**
   * Resolves when the value is accepted, in the order of the calls.
   *
   * Rejects with the signal's reason when it aborts first (the value is not sent then), with `CHANNEL_CLOSED` after `close`, and
   * with the reason of `fail`.
   */
  send(value: Value, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * The next value, or `{ done: true }` after `close` once everything accepted has been received.
   *
   * Rejects with the signal's reason when it aborts first (no value is lost then), and with the reason of `fail`.
   */
  receive(options?: { readonly signal?: AbortSignal }): Promise<IteratorResult<Value, undefined>>;
  /** Accepts nothing more; senders that still wait are rejected, what was accepted is still delivered. */
  close(): void;
  /** Ends both sides with the reason at once; what was not received is dropped. Does nothing after the first end. */
  fail(reason: unknown): void;
}

interface Waiting<Result> {
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

/**
 * Makes a {@link Channel}.
 *
 * `capacity` is how many values wait without anybody receiving; 0 means that every `send` waits for its `receive`. Leaving a
 * `for await` loop does not end the channel: another loop goes on where it stopped.
 */
export function createChannel<Value>(capacity: number): Channel<Value> {
  if (!Number.isSafeInteger(capacity) || capacity < 0) {
    throw new EngramkitError(`a channel needs a capacity of 0 or more, not ${String(capacity)}`, {
      code: 'INVALID_CHANNEL_CAPACITY',
    });
  }
  return new QueueChannel(capacity);
}

class QueueChannel<Value> implements Channel<Value> {
  readonly #capacity: number;
  readonly #accepted = new Fifo<Value>();
  readonly #senders = new Line<void, { readonly value: Value }>();
  readonly #receivers = new Line<IteratorResult<Value, undefined>, object>();
  #end: { readonly failed: boolean; readonly reason?: unknown } | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#accepted.size;
  }

  get closed(): boolean {
    return this.#end !== undefined;
  }

  send(value: Value, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options;
    if (this.#end !== undefined) return Promise.reject(this.#sendRefusal(this.#end));
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const receiver = this.#receivers.first;
    if (receiver !== undefined) {
      receiver.resolve({ done: false, value });
      return Promise.resolve();
    }
    if (this.#accepted.size < this.#capacity) {
      this.#accepted.push(value);
      return Promise.resolve();
    }
    return this.#senders.wait({ value }, signal);
  }

  receive(
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<IteratorResult<Value, undefined>> {
    const { signal } = options;
    if (this.#end?.failed === true) return Promise.reject(this.#end.reason);
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const sender = this.#senders.first;
    if (this.#accepted.size > 0) {
      const value = this.#accepted.shift();
      if (sender !== undefined) {
        this.#accepted.push(sender.value);
        sender.resolve();
      }
      return Promise.resolve({ done: false, value });
    }
    if (sender !== undefined) {
      sender.resolve();
      return Promise.resolve({ done: false, value: sender.value });
    }
    if (this.#end !== undefined) return Promise.resolve({ done: true, value: undefined });
    return this.#receivers.wait({}, signal);
  }

  close(): void {
    if (this.#end !== undefined) return;
    this.#end = { failed: false };
    for (const sender of this.#senders.all()) sender.reject(this.#sendRefusal(this.#end));
    for (const receiver of this.#receivers.all())
      receiver.resolve({ done: true, value: undefined });
  }

  fail(reason: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { failed: true, reason };
    this.#accepted.clear();
    for (const waiting of [...this.#senders.all(), ...this.#receivers.all()])
      waiting.reject(reason);
  }

  [Symbol.asyncIterator](): AsyncIterator<Value, undefined> {
    return { next: () => this.receive() };
  }

  #sendRefusal(end: { readonly failed: boolean; readonly reason?: unknown }): unknown {
    if (end.failed) return end.reason;
    return new EngramkitError('the channel is closed, so nothing more can be sent', {
      code: 'CHANNEL_CLOSED',
      hint: 'Stop sending when the stream is over; the other side does not read any more.',
    });
  }
}

/**
 * Those who wait on one side, in order.
 *
 * However many of them share a signal, it gets one listener, which goes with the last of them.
 */
class Line<Result, Extra extends object> {
  readonly #waiting = new Set<Waiting<Result> & Extra>();
  readonly #aborts = new Map<AbortSignal, SharedAbort>();

  /** Who came first. */
  get first(): (Waiting<Result> & Extra) | undefined {
    const [first] = this.#waiting;
    return first;
  }

  /** Everybody, as of now. */
  all(): readonly (Waiting<Result> & Extra)[] {
    return [...this.#waiting];
  }

  /** Settles when the one who waits is served, or rejects with the reason of the signal when that aborts first. */
  wait(extra: Extra, signal: AbortSignal | undefined): Promise<Result> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiting);
        if (signal !== undefined) this.#release(signal, abort);
      };
      const waiting = {
        ...extra,
        resolve(result: Result) {
          leave();
          resolve(result);
        },
        reject(reason: unknown) {
          leave();
          reject(reason);
        },
      };
      const abort = (): void => waiting.reject(signal?.reason);
      this.#waiting.add(waiting);
      if (signal !== undefined) this.#share(signal, abort);
    });
  }

  #share(signal: AbortSignal, abort: () => void): void {
    let shared = this.#aborts.get(signal);
    if (shared === undefined) {
      const waiters = new Set<() => void>();
      shared = { waiters, listener: () => [...waiters].forEach((waiter) => void waiter()) };
      this.#aborts.set(signal, shared);
      signal.addEventListener('abort', shared.listener);
    }
    shared.waiters.add(abort);
  }

  #release(signal: AbortSignal, abort: () => void): void {
    const shared = this.#aborts.get(signal);
    shared?.waiters.delete(abort);
    if (shared === undefined || shared.waiters.size > 0) return;
    this.#aborts.delete(signal);
    signal.removeEventListener('abort', shared.listener);
  }
}

interface SharedAbort {
  readonly waiters: Set<() => void>;
  readonly listener: () => void;
}

/** First in, first out, without moving the rest on every step. */
class Fifo<Value> {
  #values: Value[] = [];
  #head = 0;

  get size(): number {
    return this.#values.length - this.#head;
  }

  push(value: Value): void {
    this.#values.push(value);
  }

  /** The oldest value; only called when there is one. */
  shift(): Value {
    const value = this.#values[this.#head] as Value;
    this.#head++;
    if (this.#head * 2 > this.#values.length) {
      this.#values = this.#values.slice(this.#head);
      this.#head = 0;
    }
    return value;
  }

  clear(): void {
    this.#values = [];
    this.#head = 0;
  }
}
