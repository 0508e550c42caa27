import { trimSpace } from '@engramkit/core';
import type { InboundMessage, StreamMessage } from '@engramkit/engram';
import { MESSAGE_ID_KEY } from '../message/packet-keys.js';
import type { DataPacket } from '../wire/data-packet.js';

/** How many finished and how many unfinished packets are remembered. Source: bobrapet-streaming section 5.3. */
export const REMEMBERED = 4_096;

/** Says that a sequenced packet is processed. Source: bobrapet-streaming section 5.2. */
export interface Receipt {
  readonly streamId: string;
  readonly sequence: bigint;
  readonly partition: string;
  readonly sizeBytes: number;
}

/** One packet on its way through the engram. */
export interface Delivery {
  readonly key: string | undefined;
  readonly receipt: Receipt | undefined;
  /** Held until it is done, so that an engram that failed gets it again. */
  message?: InboundMessage | StreamMessage | undefined;
  /** Whether the engram has seen it. */
  handed: boolean;
  done: boolean;
}

/** What {@link DeliveryLedger} is told and tells. */
export interface DeliveryLedgerOptions {
  /**
   * Whether a receipt waits for those of all earlier packets: peers take a receipt for all before it.
   *
   * Source: bobrapet-streaming section 5.2.
   */
  readonly inOrder: boolean;
  /** `per_stream` makes partitions of a stream share one order. Source: bobrapet-streaming section 5.11. */
  readonly ordering: string;
  /** Told for every receipt that may go out. */
  readonly onReceipt: (receipt: Receipt) => void;
  /** Told when unfinished packets became fewer than the limit. */
  readonly onRoom: () => void;
}

/**
 * What came in, what is done, what may be acknowledged; it outlives every connection.
 *
 * A packet that comes again is dropped while the engram works on it, and acknowledged again once it is done: an acknowledged
 * packet is processed once. Source: bobrapet-streaming sections 5.2 and 5.3.
 */
export class DeliveryLedger {
  readonly #options: DeliveryLedgerOptions;
  readonly #pending = new Map<string, Delivery>();
  readonly #completed = new Map<string, Receipt | undefined>();
  /** Sequenced packets by order group, oldest first, up to the first that is not done. */
  readonly #groups = new Map<string, Set<Delivery>>();
  #sequenced = 0;
  /** Groups whose first packet after the hub came back has not been seen yet; `undefined` when it never went away. */
  #returned: Set<string> | undefined;

  constructor(options: DeliveryLedgerOptions) {
    this.#options = options;
  }

  /** Whether so many sequenced packets are unfinished that no more may be read. */
  get full(): boolean {
    return this.#sequenced >= REMEMBERED;
  }

  /** How many packets are unfinished. */
  get unfinished(): number {
    return this.#pending.size;
  }

  /** Takes a packet in; `undefined` when it is here already. */
  arrive(packet: DataPacket, sizeBytes: number): Delivery | undefined {
    const receipt = receiptOf(packet, sizeBytes);
    if (receipt !== undefined) this.#noticeRestart(receipt);
    const key = keyOf(packet, receipt);
    if (key === undefined) return { key, receipt, handed: false, done: false };
    if (this.#pending.has(key)) return undefined;
    if (this.#completed.has(key)) {
      // It may come again because its receipt got lost.
      if (receipt !== undefined) this.#options.onReceipt(receipt);
      return undefined;
    }
    const delivery: Delivery = { key, receipt, handed: false, done: false };
    if (receipt === undefined) this.#forgetOldest();
    this.#pending.set(key, delivery);
    if (receipt !== undefined) {
      this.#sequenced += 1;
      if (this.#options.inOrder) this.#group(receipt).add(delivery);
    }
    return delivery;
  }

  /** The packet is processed: acknowledges it as soon as its order allows. */
  done(delivery: Delivery): void {
    if (delivery.done) return;
    delivery.done = true;
    delivery.message = undefined;
    const { key, receipt } = delivery;
    if (key === undefined) return;
    // After a restart of the numbers the key may belong to another packet.
    if (this.#pending.get(key) !== delivery) return;
    if (receipt === undefined || !this.#options.inOrder) {
      this.#finish(delivery, key);
      return;
    }
    const group = this.#group(receipt);
    for (const oldest of group) {
      if (!oldest.done) break;
      group.delete(oldest);
      if (oldest.key !== undefined) this.#finish(oldest, oldest.key);
    }
    if (group.size === 0) this.#groups.delete(this.#groupKey(receipt));
  }

  /** The packet was not processed and nobody has it any more: when it comes again, it is new. */
  release(delivery: Delivery): void {
    const { key, receipt } = delivery;
    delivery.message = undefined;
    if (key === undefined || this.#pending.get(key) !== delivery) return;
    this.#pending.delete(key);
    if (receipt === undefined) return;
    this.#group(receipt).delete(delivery);
    this.#leave();
  }

  /** The sequenced packets that the engram has and did not finish, oldest first. */
  *unfinishedDeliveries(): Iterable<Delivery> {
    for (const delivery of this.#pending.values()) {
      if (delivery.receipt !== undefined && delivery.handed && !delivery.done) yield delivery;
    }
  }

  /**
   * The connector has found the hub again, which may have forgotten everything.
   *
   * A stream whose next packet has the number 1 begins anew: what is remembered of it is forgotten, so that the new packets are
   * not taken for old ones. Source: bobrapet-streaming section 13.2, trap 20.
   */
  hubReturned(): void {
    this.#returned = new Set();
  }

  #noticeRestart(receipt: Receipt): void {
    if (this.#returned === undefined) return;
    const prefix = streamPrefix(receipt);
    if (this.#returned.has(prefix)) return;
    this.#returned.add(prefix);
    if (receipt.sequence !== 1n) return;
    for (const key of [...this.#completed.keys()].filter((one) => one.startsWith(prefix))) {
      this.#completed.delete(key);
    }
    for (const [key, delivery] of [...this.#pending]) {
      if (!key.startsWith(prefix)) continue;
      this.#pending.delete(key);
      if (delivery.receipt !== undefined) this.#group(delivery.receipt).delete(delivery);
      this.#leave();
    }
  }

  #finish(delivery: Delivery, key: string): void {
    this.#pending.delete(key);
    this.#completed.set(key, delivery.receipt);
    if (this.#completed.size > REMEMBERED) {
      const [oldest] = this.#completed.keys();
      if (oldest !== undefined) this.#completed.delete(oldest);
    }
    if (delivery.receipt === undefined) return;
    this.#options.onReceipt(delivery.receipt);
    this.#leave();
  }

  #leave(): void {
    const wasFull = this.full;
    this.#sequenced -= 1;
    if (wasFull) this.#options.onRoom();
  }

  /** Packets without a number are only remembered to drop repeats; an engram need not finish them. */
  #forgetOldest(): void {
    if (this.#pending.size - this.#sequenced < REMEMBERED) return;
    for (const [key, delivery] of this.#pending) {
      if (delivery.receipt !== undefined) continue;
      this.#pending.delete(key);
      return;
    }
  }

  #group(receipt: Receipt): Set<Delivery> {
    const key = this.#groupKey(receipt);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new Set();
      this.#groups.set(key, group);
    }
    return group;
  }

  #groupKey({ streamId, partition }: Receipt): string {
    return this.#options.ordering === 'per_stream' ? streamId : `${streamId}|${partition}`;
  }
}

function streamPrefix({ streamId, partition }: Receipt): string {
  return `env|${streamId}|${partition}|`;
}

function receiptOf({ envelope }: DataPacket, sizeBytes: number): Receipt | undefined {
  const { sequence = 0n } = envelope ?? {};
  if (sequence === 0n) return undefined;
  const streamId = trimSpace(envelope?.streamId ?? '');
  if (streamId === '') return undefined;
  return { streamId, sequence, partition: trimSpace(envelope?.partition ?? ''), sizeBytes };
}

function keyOf(packet: DataPacket, receipt: Receipt | undefined): string | undefined {
  if (receipt !== undefined) return `${streamPrefix(receipt)}${receipt.sequence}`;
  const id = trimSpace(packet.metadata.get(MESSAGE_ID_KEY) ?? '');
  return id === '' ? undefined : `msg|${id}`;
}
