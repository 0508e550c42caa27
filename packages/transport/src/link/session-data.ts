import type { Clock, Timer } from '@engramkit/core';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { OutboundQueue } from '../delivery/outbound-queue.js';
import { encodeHeartbeat } from '../message/encode-message.js';
import type { TransportSettings } from './settings.js';
import { TransportError } from './transport-error.js';

/** What a {@link SessionData} needs. */
export interface SessionDataOptions {
  readonly call: ClientDuplexStream<Buffer, Buffer>;
  readonly outbound: OutboundQueue;
  readonly settings: TransportSettings;
  readonly clock: Clock;
  readonly onAlive: () => void;
  readonly onSent: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * The sending half of the Data stream: takes from the queue as fast as the connection takes, and shows that it is alive.
 *
 * Source: bobrapet-streaming sections 5.4 and 5.6.
 */
export class SessionData {
  readonly #options: SessionDataOptions;
  /** Taken from the queue and not yet written to the connection. */
  #inFlight: Buffer[] = [];
  #writable = true;
  #lastSentAt: number;
  #blocked: Timer | undefined;
  #heartbeat: Timer | undefined;
  #closed = false;
  #drained: (() => void) | undefined;
  readonly #onWritten = (error?: Error | null): void => {
    if (error !== undefined && error !== null) return;
    this.#inFlight.shift();
    this.#options.onAlive();
    this.#options.onSent();
    if (this.#drained !== undefined) this.#endIfIdle();
  };

  constructor(options: SessionDataOptions) {
    this.#options = options;
    this.#lastSentAt = options.clock.monotonic();
    options.call.on('drain', () => {
      this.#writable = true;
      this.#blocked?.cancel();
      this.#blocked = undefined;
      this.#pump();
    });
    options.outbound.onAvailable = () => this.#pump();
    this.#beat(options.settings.dataHeartbeatMs);
    this.#pump();
  }

  /** Resolves when everything is written and the half of this side is closed. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
      this.#endIfIdle();
    });
  }

  /** Stops, and gives back to the queue what was not written. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { outbound } = this.#options;
    outbound.onAvailable = undefined;
    this.#blocked?.cancel();
    this.#heartbeat?.cancel();
    outbound.putBack(this.#inFlight);
    this.#inFlight = [];
  }

  #pump(): void {
    const { outbound, clock } = this.#options;
    while (this.#writable && !this.#closed) {
      const bytes = outbound.take();
      if (bytes === undefined) break;
      this.#lastSentAt = clock.monotonic();
      this.#write(bytes);
    }
  }

  #write(bytes: Buffer): void {
    const { call, clock, settings, onError } = this.#options;
    this.#inFlight.push(bytes);
    this.#writable = call.write(bytes, this.#onWritten);
    if (this.#writable || this.#blocked !== undefined) return;
    this.#blocked = clock.setTimer(
      () =>
        onError(
          new TransportError(`data send timed out after ${settings.messageTimeoutMs} ms`, {
            code: 'SEND_TIMEOUT',
            retry: 'safe',
            hint: 'The connector does not read; look at its log.',
          }),
        ),
      settings.messageTimeoutMs,
    );
  }

  /** One timer that looks at the last send, instead of one that every send moves. */
  #beat(delayMs: number): void {
    const { clock, settings } = this.#options;
    this.#heartbeat = clock.setTimer(() => {
      const idleMs = clock.monotonic() - this.#lastSentAt;
      if (idleMs < settings.dataHeartbeatMs) {
        this.#beat(settings.dataHeartbeatMs - idleMs);
        return;
      }
      if (this.#writable && !this.#closed) {
        this.#lastSentAt = clock.monotonic();
        // A heartbeat that is lost is none of the engram's messages: it does not go back to the queue.
        this.#options.call.write(encodeHeartbeat(), () => this.#options.onAlive());
      }
      this.#beat(settings.dataHeartbeatMs);
    }, delayMs);
  }

  #endIfIdle(): void {
    if (this.#closed || !this.#options.outbound.empty || this.#inFlight.length > 0) return;
    const drained = this.#drained;
    this.#drained = undefined;
    this.close();
    this.#options.call.end();
    drained?.();
  }
}
