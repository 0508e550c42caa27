import type { StreamEnvelope, StreamMessage } from '@engramkit/engram';

/** A message with its number, until it is acknowledged. */
export interface NumberedMessage {
  readonly sequence: bigint;
  readonly message: StreamMessage;
}

/** Numbers messages and keeps them until they are acknowledged, as a hub does with at-least-once delivery. */
export class ReplayBuffer {
  readonly #streamId: string;
  #next = 1n;
  readonly #unacknowledged = new Map<bigint, StreamMessage>();

  constructor(streamId: string) {
    this.#streamId = streamId;
  }

  /** Messages that are sent and not acknowledged. */
  get size(): number {
    return this.#unacknowledged.size;
  }

  /** Oldest first. */
  *unacknowledged(): Iterable<StreamMessage> {
    yield* this.#unacknowledged.values();
  }

  number(message: StreamMessage): StreamMessage {
    const envelope: StreamEnvelope = {
      ...message.envelope,
      streamId: this.#streamId,
      sequence: this.#next,
    };
    const numbered = { ...message, envelope };
    this.#unacknowledged.set(this.#next, numbered);
    this.#next += 1n;
    return numbered;
  }

  /** A receipt counts for everything before it. Source: bobrapet-streaming section 5.2. */
  acknowledge(sequence: bigint): void {
    for (const known of this.#unacknowledged.keys()) {
      if (known > sequence) break;
      this.#unacknowledged.delete(known);
    }
  }

  /** Forgets everything and numbers from 1 again, as a hub does that was restarted. */
  reset(): void {
    this.#unacknowledged.clear();
    this.#next = 1n;
  }
}
