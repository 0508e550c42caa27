import type { Timer } from '@engramkit/core';
import { type Client, type ClientDuplexStream, Metadata, type ServiceError } from '@grpc/grpc-js';
import { ChunkAssembler } from '../delivery/chunk-assembly.js';
import type { Receipt } from '../delivery/delivery-ledger.js';
import type { ControlRequest, ControlResponse } from '../gen/transport/v1/transport_pb.js';
import { readPacket } from '../wire/read-packet.js';
import { writePacket } from '../wire/write-packet.js';
import { PROTOCOL_VERSION } from './binding.js';
import { connectorService } from './connector-service.js';
import { openClient } from './open-client.js';
import { SessionControl } from './session-control.js';
import { SessionData } from './session-data.js';
import { callFailure, endOfCall } from './session-failure.js';
import type { SessionOptions } from './session-options.js';
import { TransportError } from './transport-error.js';

/** How long the connector may take to take note of the end, in milliseconds. */
const LINGER_MS = 1_000;

/** One connection with its two streams. Source: bobrapet-streaming section 2.6. */
export class Session {
  readonly #options: SessionOptions;
  readonly #client: Client;
  readonly #chunks: ChunkAssembler;
  readonly #ended: Promise<void>;
  #settle: { readonly resolve: () => void; readonly reject: (reason: unknown) => void } | undefined;
  #data: ClientDuplexStream<Buffer, Buffer> | undefined;
  #control: ClientDuplexStream<ControlRequest, ControlResponse> | undefined;
  #sending: SessionData | undefined;
  #directives: SessionControl | undefined;
  #draining = false;
  /** Everything is written: from here on an end is a good end. */
  #written = false;
  #ready = false;
  #aliveAt: number;
  #openCalls = 0;
  readonly #timers = new Set<Timer>();
  /** Whether a message went either way. */
  progressed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { binding, settings, clock, ca } = options;
    this.#client = openClient(binding.endpoint, settings, ca);
    this.#chunks = new ChunkAssembler(clock);
    this.#aliveAt = clock.monotonic();
    this.#ended = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#ended.catch(() => {}); // Heard by whoever runs the session.
  }

  /** Resolves after {@link Session.drain}; rejects when the session failed. */
  async run(): Promise<void> {
    this.#dial();
    try {
      await this.#ended;
    } finally {
      this.#release();
    }
  }

  /** Writes what waits, closes its halves, and ends. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#data?.pause();
    const sending = this.#sending;
    if (sending === undefined) {
      // Not connected yet: there is nothing to close in good order unless something waits to be sent.
      if (this.#options.outbound.empty) this.#settle?.resolve();
      return;
    }
    void sending.drain().then(() => {
      this.#written = true;
      this.#directives?.end();
      this.#data?.resume();
      this.#timer(() => this.#settle?.resolve(), LINGER_MS);
    });
  }

  /** Ends at once. */
  abort(reason: unknown): void {
    this.#fail(reason);
  }

  /** Whether receipts can be sent. */
  get open(): boolean {
    return this.#ready && this.#directives !== undefined && this.#settle !== undefined;
  }

  sendReceipt(receipt: Receipt): void {
    this.#directives?.sendReceipt(receipt);
  }

  /** More packets can be taken. */
  resume(): void {
    if (!this.#draining && this.#ready) this.#data?.resume();
  }

  #dial(): void {
    const { settings, binding } = this.#options;
    const limit = this.#timer(() => {
      this.#fail(
        new TransportError(
          `the connector at ${binding.endpoint} was not there within ${settings.dialTimeoutMs} ms`,
          {
            code: 'DIAL_TIMEOUT',
            retry: 'safe',
            hint: 'Look whether the connector runs and listens there.',
          },
        ),
      );
    }, settings.dialTimeoutMs);
    this.#client.waitForReady(Number.POSITIVE_INFINITY, (error) => {
      this.#cancel(limit);
      if (this.#settle === undefined) return;
      if (error === undefined) this.#open();
      else {
        const code = 'DIAL_TIMEOUT';
        this.#fail(new TransportError(error.message, { code, retry: 'safe', cause: error }));
      }
    });
  }

  #open(): void {
    const { binding, settings, clock, logger, handler } = this.#options;
    const { data, control } = connectorService;
    const headers = new Metadata();
    headers.set('bubu-transport-protocol', PROTOCOL_VERSION);
    const controlHeaders = headers.clone();
    controlHeaders.set('bubu.transport.binding', binding.reference);
    this.#data = this.#client.makeBidiStreamRequest(
      data.path,
      data.requestSerialize,
      data.responseDeserialize,
      headers,
    );
    this.#control = this.#client.makeBidiStreamRequest(
      control.path,
      control.requestSerialize,
      control.responseDeserialize,
      controlHeaders,
    );
    this.#watch('data', this.#data);
    this.#watch('control', this.#control);
    const handshake = this.#timer(
      () =>
        this.#fail(
          new TransportError(
            `control startup handshake timed out: timeout=${settings.messageTimeoutMs}ms`,
            {
              code: 'HANDSHAKE_TIMEOUT',
              hint: 'The connector took the connection, but never said that it is ready.',
            },
          ),
        ),
      settings.messageTimeoutMs,
    );
    this.#directives = new SessionControl({
      call: this.#control,
      settings,
      clock,
      logger,
      handler,
      onReady: () => {
        this.#cancel(handshake);
        this.#begin();
      },
      onDirective: this.#options.onDirective,
      onAlive: () => this.#touch(),
      onError: (error) => this.#fail(error),
    });
    this.#watchHang();
    this.#sweep();
  }

  /** The handshake is over: messages flow in both directions. */
  #begin(): void {
    const { outbound, settings, clock, onReady } = this.#options;
    const call = this.#data;
    if (call === undefined || this.#settle === undefined) return;
    this.#ready = true;
    onReady();
    this.#sending = new SessionData({
      call,
      outbound,
      settings,
      clock,
      onAlive: () => this.#touch(),
      onSent: () => {
        this.progressed = true;
      },
      onError: (error) => this.#fail(error),
    });
    call.on('data', (bytes: Buffer) => {
      if (this.#settle === undefined || this.#draining) return;
      this.#touch();
      try {
        if (!this.#receive(bytes)) call.pause();
      } catch (error) {
        this.#fail(error);
      }
    });
    if (this.#draining) {
      this.#draining = false;
      this.drain();
    }
  }

  #receive(bytes: Buffer): boolean {
    const packet = readPacket(bytes);
    const whole = this.#chunks.add(packet);
    if (whole === undefined) return true;
    this.progressed = true;
    const sizeBytes = whole === packet ? bytes.byteLength : writePacket(whole).byteLength;
    return this.#options.onPacket(whole, sizeBytes);
  }

  #watch(
    stream: 'data' | 'control',
    call: ClientDuplexStream<Buffer, Buffer> | ClientDuplexStream<ControlRequest, ControlResponse>,
  ): void {
    this.#openCalls += 1;
    call.on('error', (error: ServiceError) => {
      if (this.#written) this.#callOver();
      else this.#fail(callFailure(stream, error));
    });
    call.on('end', () => {
      if (this.#written) this.#callOver();
      // The status comes after the end of the messages, and says more when it is an error.
      else this.#timer(() => this.#fail(endOfCall(stream)), 50);
    });
  }

  /** While draining: the connector has taken note of the end. */
  #callOver(): void {
    this.#openCalls -= 1;
    if (this.#openCalls <= 0) this.#settle?.resolve();
  }

  #touch(): void {
    this.#aliveAt = this.#options.clock.monotonic();
  }

  #watchHang(): void {
    const { clock, settings } = this.#options;
    const { hangTimeoutMs } = settings;
    if (hangTimeoutMs === undefined) return;
    const idleMs = clock.monotonic() - this.#aliveAt;
    if (idleMs >= hangTimeoutMs) {
      this.#fail(
        new TransportError(`nothing went either way for ${hangTimeoutMs} ms`, {
          code: 'STREAM_HUNG',
          retry: 'safe',
        }),
      );
      return;
    }
    this.#timer(() => this.#watchHang(), hangTimeoutMs - idleMs);
  }

  #sweep(): void {
    this.#timer(() => {
      this.#chunks.sweep();
      this.#sweep();
    }, 60_000);
  }

  #timer(callback: () => void, delayMs: number): Timer {
    const timer = this.#options.clock.setTimer(() => {
      this.#timers.delete(timer);
      if (this.#settle !== undefined) callback();
    }, delayMs);
    this.#timers.add(timer);
    return timer;
  }

  #cancel(timer: Timer): void {
    timer.cancel();
    this.#timers.delete(timer);
  }

  #fail(reason: unknown): void {
    this.#settle?.reject(reason);
    this.#release();
  }

  #release(): void {
    this.#settle = undefined;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#sending?.close();
    this.#directives?.close();
    const calls = [this.#data, this.#control];
    this.#data = undefined;
    this.#control = undefined;
    // Later, not here: while the platform takes a dead connection apart, to cancel its other call never returns.
    this.#options.clock.setTimer(() => {
      for (const call of calls) call?.cancel();
      this.#client.close();
    }, 0);
  }
}
