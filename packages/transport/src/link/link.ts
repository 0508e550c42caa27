import { type Clock, describeThrown, type Random, sleep } from '@engramkit/core';
import {
  type ControlDirective,
  type InboundMessage,
  inboundMessage,
  injectTraceContext,
  type Logger,
  type StreamMessage,
} from '@engramkit/engram';
import { trace } from '@opentelemetry/api';
import {
  type Delivery,
  DeliveryLedger,
  REMEMBERED,
  type Receipt,
} from '../delivery/delivery-ledger.js';
import { InboundQueue, type Waiting } from '../delivery/inbound-queue.js';
import { OutboundQueue } from '../delivery/outbound-queue.js';
import { decodePacket } from '../message/decode-packet.js';
import { encodeMessage } from '../message/encode-message.js';
import { invalidMessage } from '../message/invalid-message.js';
import type { DataPacket } from '../wire/data-packet.js';
import type { TransportBinding } from './binding.js';
import { RetryBudget } from './retry-budget.js';
import { Session } from './session.js';
import type { ControlHandler } from './session-control.js';
import { isConnectionLoss, isRetriable } from './session-failure.js';
import type { TransportSettings } from './settings.js';

/** What a {@link Link} needs. */
export interface LinkOptions {
  readonly binding: TransportBinding;
  readonly settings: TransportSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly ca?: string | undefined;
  readonly handler?: ControlHandler | undefined;
  /** `in-order` holds a receipt back until all before it are done; `as-done` does not. Default `in-order`. */
  readonly receipts?: 'in-order' | 'as-done' | undefined;
  /** Told about every session that is ready and every one that is lost. */
  readonly onSession?: ((event: SessionEvent) => void) | undefined;
}

/** What happened to the connection. */
export type SessionEvent =
  | { readonly state: 'ready' }
  | { readonly state: 'lost'; readonly error: unknown; readonly retryInMs: number };

/**
 * The connection of an engram to its connector, over all its sessions.
 *
 * Queues, unfinished work and receipts outlive a lost session: the next one goes on with them, and the engram notices nothing.
 * Source: bobrapet-streaming section 5.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #ledger: DeliveryLedger;
  readonly #inbound: InboundQueue;
  readonly #outbound: OutboundQueue;
  readonly #budget: RetryBudget;
  readonly #stop = new AbortController();
  /** Receipts that wait for a session. */
  readonly #receipts = new Map<string, Receipt>();
  #session: Session | undefined;
  #held: (Waiting & Disposable) | undefined;
  #draining = false;
  #warned = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { settings, binding, clock, random } = options;
    this.#ledger = new DeliveryLedger({
      inOrder: (options.receipts ?? 'in-order') === 'in-order',
      ordering: binding.ordering,
      onReceipt: (receipt) => this.#acknowledge(receipt),
      onRoom: () => this.#onRoom(),
    });
    this.#inbound = new InboundQueue(settings.bufferSize, () => this.#onRoom());
    this.#outbound = new OutboundQueue(settings.bufferSize);
    this.#budget = new RetryBudget({ settings, clock, random });
  }

  /** What the connector sends; it ends when the link ends, and rejects when the link fails. */
  get inbound(): AsyncIterable<InboundMessage> {
    return this.#inbound;
  }

  get budget(): RetryBudget {
    return this.#budget;
  }

  /**
   * Resolves when the message is accepted; waits while the queue is full.
   *
   * Rejects with `INVALID_STREAM_MESSAGE` when the message cannot travel, which harms nothing else, and with the reason of the
   * link's failure.
   */
  send(message: StreamMessage): Promise<void> {
    try {
      const bytes = encodeMessage(this.#traced(message));
      const { maxSendBytes } = this.#options.settings;
      if (bytes.byteLength <= maxSendBytes) return this.#outbound.push(bytes);
      throw invalidMessage(
        `the message takes ${bytes.byteLength} bytes on the wire, but at most ${maxSendBytes} are sent; JSON travels twice`,
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Runs sessions until {@link Link.drain} is through; rejects when no further session can help. */
  async run(): Promise<void> {
    for (;;) {
      const error = await this.#runSession();
      if (error === undefined) break;
      if (this.#stop.signal.aborted) break;
      if (!isRetriable(error)) throw this.#failed(error);
      if (this.#session?.progressed === true && isConnectionLoss(error)) this.#budget.reset();
      this.#session = undefined;
      // While draining, only what still has to be sent is worth another connection.
      if (this.#draining && this.#outbound.empty && this.#receipts.size === 0) break;
      let delayMs: number;
      try {
        delayMs = this.#budget.spend(error);
      } catch (exhausted) {
        throw this.#failed(exhausted);
      }
      this.#options.logger.warn('the connection to the connector is lost; trying again', {
        error: describeThrown(error),
        retryInMs: Math.round(delayMs),
      });
      this.#options.onSession?.({ state: 'lost', error, retryInMs: delayMs });
      const { clock } = this.#options;
      await sleep(delayMs, { clock, signal: this.#stop.signal }).catch(() => {});
      if (this.#stop.signal.aborted) break;
    }
    this.#inbound.close();
  }

  /** Gives the engram again, before all else, what it had and did not finish. Source: bobrapet-streaming section 5.3. */
  redeliver(): number {
    this.#inbound.dropReaders();
    const again = [...this.#ledger.unfinishedDeliveries()].flatMap((delivery) => {
      const { message } = delivery;
      if (message === undefined) return [];
      delivery.handed = false;
      return [this.#waiting(message, delivery)];
    });
    this.#inbound.putBack(again);
    return again.length;
  }

  /** No more is read; what waits to be sent is sent, then {@link Link.run} resolves. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#inbound.close();
    if (this.#session === undefined) {
      if (this.#outbound.empty) this.#stop.abort();
    } else this.#session.drain();
  }

  /** Ends at once; what waits to be sent is lost. */
  abort(reason: unknown): void {
    this.#stop.abort(reason);
    this.#session?.abort(reason);
    this.#outbound.fail(reason);
  }

  /** How many messages wait to be sent. */
  get unsent(): number {
    return this.#outbound.size;
  }

  async #runSession(): Promise<unknown> {
    const session = new Session({
      ...this.#options,
      handler: this.#options.handler,
      outbound: this.#outbound,
      onReady: () => {
        for (const receipt of this.#receipts.values()) session.sendReceipt(receipt);
        this.#receipts.clear();
        this.#options.onSession?.({ state: 'ready' });
      },
      onDirective: (directive) => this.#onDirective(directive),
      onPacket: (packet, sizeBytes) => this.#onPacket(packet, sizeBytes),
    });
    this.#session = session;
    const running = session.run();
    if (this.#draining) session.drain();
    try {
      await running;
      return undefined;
    } catch (error) {
      return error ?? new Error('the session failed');
    }
  }

  #failed(error: unknown): unknown {
    this.#inbound.fail(error);
    this.#outbound.fail(error);
    return error;
  }

  #onDirective(directive: ControlDirective): void {
    const { reason } = directive.metadata ?? {};
    if (directive.type === 'handoff.cutover' && reason === 'hub_reconnected') {
      this.#ledger.hubReturned();
    }
  }

  #onPacket(packet: DataPacket, sizeBytes: number): boolean {
    const delivery = this.#ledger.arrive(packet, sizeBytes);
    if (delivery !== undefined) this.#take(packet, delivery);
    return this.#hasRoom();
  }

  #take(packet: DataPacket, delivery: Delivery): void {
    let message: StreamMessage | undefined;
    try {
      message = decodePacket(packet);
    } catch (error) {
      this.#ledger.release(delivery);
      throw error;
    }
    if (message === undefined) {
      this.#ledger.done(delivery);
      return;
    }
    if (delivery.receipt !== undefined) delivery.message = message;
    const waiting = this.#waiting(message, delivery);
    const { enqueueTimeoutMs, bufferSize } = this.#options.settings;
    if (enqueueTimeoutMs === undefined || this.#inbound.size < bufferSize) {
      this.#inbound.push(waiting);
    } else this.#hold(waiting, enqueueTimeoutMs);
  }

  #waiting(message: StreamMessage, delivery: Delivery): Waiting {
    return { message: inboundMessage(message, () => this.#ledger.done(delivery)), delivery };
  }

  /** The queue is full and must not stop the connection for ever. Source: bobrapet-streaming section 5.4. */
  #hold(waiting: Waiting, limitMs: number): void {
    const timer = this.#options.clock.setTimer(() => {
      this.#held = undefined;
      this.#ledger.release(waiting.delivery);
      this.#options.logger.warn('a message was dropped: the engram did not take it in time', {
        messageId: waiting.message.messageId ?? '',
        limitMs,
      });
      this.#session?.resume();
    }, limitMs);
    this.#held = { ...waiting, [Symbol.dispose]: () => timer.cancel() };
  }

  #hasRoom(): boolean {
    if (this.#ledger.full) {
      if (!this.#warned) {
        this.#warned = true;
        this.#options.logger.warn(
          `${REMEMBERED} messages are not acknowledged: nothing more is read until done() is called for them`,
        );
      }
      return false;
    }
    if (this.#options.settings.enqueueTimeoutMs !== undefined) return this.#held === undefined;
    return !this.#inbound.full;
  }

  #onRoom(): void {
    const held = this.#held;
    if (held !== undefined && !this.#inbound.full) {
      this.#held = undefined;
      held[Symbol.dispose]();
      this.#inbound.push(held);
    }
    if (this.#hasRoom()) this.#session?.resume();
  }

  #acknowledge(receipt: Receipt): void {
    if (this.#session?.open === true) {
      this.#session.sendReceipt(receipt);
      return;
    }
    this.#receipts.set(`${receipt.streamId}|${receipt.partition}|${receipt.sequence}`, receipt);
  }

  /** The position of the active span, if there is one. Source: bobrapet-streaming section 4.9. */
  #traced(message: StreamMessage): StreamMessage {
    if (!this.#options.settings.tracePropagation) return message;
    const position = trace.getActiveSpan()?.spanContext();
    if (position === undefined || /^(heartbeat|noop)$/i.test(message.kind ?? '')) return message;
    return { ...message, metadata: injectTraceContext(message.metadata, position) };
  }
}
