import {
  ArcpError,
  type CloseReason,
  type DecodedFrame,
  type Envelope,
  type IdentifierSource,
  type Transport,
  wireTime,
} from '@engramkit/arcp';
import type { Clock, Timer } from '@engramkit/core';
import type { Journal } from './log/journal.js';
import type { Session } from './session.js';

/** Malformed frames are answered at most once in this time. Source: arcp section 1.3, E-14. */
const NOISE_ANSWER_EVERY_MS = 10_000;

/** What a connection tells the runtime. */
export interface ConnectionHandlers {
  /** The first frame of a connection. */
  hello(envelope: Envelope, connection: Connection): void;
  /** Every later frame but pings and pongs. */
  frame(envelope: Envelope, session: Session): void;
  ended(connection: Connection): void;
}

/** One transport at the runtime's side: the handshake's time limit, pings, malformed frames, the end. */
export class Connection {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #identifiers: IdentifierSource;
  readonly #handlers: ConnectionHandlers;
  readonly #journal: Journal;
  readonly #handshake: Timer;
  #session: Session | undefined;
  #helloSeen = false;
  #heartbeat: Timer | undefined;
  #lastSentMs = 0;
  #lastReceivedMs = 0;
  #lastNoiseMs = Number.NEGATIVE_INFINITY;
  #ended = false;
  /** Malformed frames seen. */
  noise = 0;

  constructor(
    transport: Transport,
    options: {
      readonly clock: Clock;
      readonly identifiers: IdentifierSource;
      readonly handlers: ConnectionHandlers;
      readonly handshakeTimeoutMs: number;
      readonly journal: Journal;
    },
  ) {
    this.#transport = transport;
    this.#clock = options.clock;
    this.#identifiers = options.identifiers;
    this.#handlers = options.handlers;
    this.#journal = options.journal;
    this.#handshake = options.clock.setTimer(
      () => this.close('policy'),
      options.handshakeTimeoutMs,
      { unref: true },
    );
    transport.onClose(() => this.#end());
    transport.onFrame((frame) => this.#receive(frame));
  }

  get session(): Session | undefined {
    return this.#session;
  }

  get bufferedBytes(): number {
    return this.#transport.bufferedBytes;
  }

  get exposed(): boolean {
    return this.#transport.exposed;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The handshake is done: frames belong to the session from here on. */
  bind(session: Session, heartbeatIntervalSec: number | undefined): void {
    this.#handshake.cancel();
    this.#session = session;
    if (heartbeatIntervalSec !== undefined) this.#startHeartbeat(heartbeatIntervalSec * 1_000);
  }

  /** Stops being the session's transport: another one took over. */
  detach(): void {
    this.#session = undefined;
    this.#heartbeat?.cancel();
  }

  send(envelope: Envelope): void {
    if (this.#ended) return;
    this.#lastSentMs = this.#clock.monotonic();
    const session = this.#session;
    if (session !== undefined) session.lastExchangeMs = this.#lastSentMs;
    // A frame leaves after the records that belong to it; the end waits for the frames before it.
    if (this.#journal.active) this.#journal.after(() => this.#transmit(envelope, session));
    else this.#transmit(envelope, session);
  }

  #transmit(envelope: Envelope, session: Session | undefined): void {
    if (this.#transport.closed) return;
    this.#transport.send(envelope).then(
      () => session?.relieve(),
      () => undefined, // The end is reported by the transport; what was sequenced is kept for the resume.
    );
  }

  close(reason: CloseReason): void {
    this.#journal.after(() => this.#transport.close(reason));
    this.#end();
  }

  /** Ends at once, without what was queued. */
  abort(): void {
    this.#transport.close('fault');
    this.#end();
  }

  #receive(frame: DecodedFrame): void {
    if (this.#ended) return;
    this.#lastReceivedMs = this.#clock.monotonic();
    const session = this.#session;
    if (session !== undefined) session.lastExchangeMs = this.#lastReceivedMs;
    if (frame.kind !== 'envelope') {
      this.#answerNoise(frame);
      return;
    }
    const { envelope } = frame;
    if (session === undefined) {
      if (
        this.#helloSeen ||
        (envelope.type !== 'session.hello' && envelope.type !== 'session.resume')
      )
        return;
      this.#helloSeen = true;
      this.#handlers.hello(envelope, this);
      return;
    }
    if (envelope.type === 'session.pong') return;
    if (envelope.type === 'session.ping') {
      session.plain('session.pong', {
        ping_nonce: envelope.payload.nonce ?? null,
        received_at: wireTime(this.#clock.now()),
      });
      return;
    }
    if (envelope.session_id !== undefined && envelope.session_id !== session.id) return;
    this.#handlers.frame(envelope, session);
  }

  #answerNoise(frame: Exclude<DecodedFrame, { readonly kind: 'envelope' }>): void {
    this.noise += 1;
    const nowMs = this.#clock.monotonic();
    if (this.#session === undefined || nowMs - this.#lastNoiseMs < NOISE_ANSWER_EVERY_MS) return;
    this.#lastNoiseMs = nowMs;
    this.#session.error(
      { ...frame.error.toPayload() },
      frame.kind === 'invalid' ? frame.id : undefined,
    );
  }

  /** Source: arcp section 2.5. */
  #startHeartbeat(intervalMs: number): void {
    this.#lastSentMs = this.#lastReceivedMs = this.#clock.monotonic();
    const look = (): void => {
      const session = this.#session;
      if (this.#ended || session === undefined) return;
      const nowMs = this.#clock.monotonic();
      if (nowMs - this.#lastReceivedMs >= 2 * intervalMs) {
        session.error({
          ...new ArcpError('HEARTBEAT_LOST', 'nothing was heard for two intervals').toPayload(),
        });
        this.close('fault');
        return;
      }
      if (nowMs - this.#lastSentMs >= intervalMs * 0.9) {
        session.plain('session.ping', {
          nonce: this.#identifiers.next('p_'),
          sent_at: wireTime(this.#clock.now()),
        });
      }
      this.#heartbeat = this.#clock.setTimer(look, intervalMs / 2, { unref: true });
    };
    this.#heartbeat = this.#clock.setTimer(look, intervalMs / 2, { unref: true });
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handshake.cancel();
    this.#heartbeat?.cancel();
    this.#handlers.ended(this);
  }
}
