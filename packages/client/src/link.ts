import {
  ARCP_VERSION,
  ArcpError,
  type DecodedFrame,
  type Envelope,
  type IdentifierSource,
  readWelcome,
  type Transport,
  type Welcome,
  wireTime,
} from '@engramkit/arcp';
import type { Clock, JsonObject, Timer } from '@engramkit/core';

/** What a link tells its owner. */
export interface LinkHandlers {
  /** Every envelope after the welcome but pings and pongs. */
  envelope(envelope: Envelope): void;
  /** The end, once. */
  ended(cause: ArcpError): void;
}

/**
 * One connection: the handshake, answers to pings, heartbeats, and the end.
 *
 * Source: arcp sections 2.1 to 2.5.
 */
export class Link {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #identifiers: IdentifierSource;
  readonly #handlers: LinkHandlers;
  #welcome: ((envelope: Envelope) => void) | undefined;
  #refuse: ((error: unknown) => void) | undefined;
  #sessionId: string | undefined;
  #heartbeat: Timer | undefined;
  #lastSentMs = 0;
  #lastReceivedMs = 0;
  #ended = false;
  /** Frames that came before the owner was ready for them. */
  #held: Envelope[] | undefined = [];

  constructor(
    transport: Transport,
    clock: Clock,
    identifiers: IdentifierSource,
    handlers: LinkHandlers,
  ) {
    this.#transport = transport;
    this.#clock = clock;
    this.#identifiers = identifiers;
    this.#handlers = handlers;
  }

  get transport(): Transport {
    return this.#transport;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Sends the hello and waits for the welcome; rejects with the runtime's refusal. */
  handshake(hello: Envelope, timeoutMs: number, signal: AbortSignal): Promise<Welcome> {
    return new Promise<Welcome>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
        this.#welcome = undefined;
        this.#refuse = undefined;
        finish();
      };
      const refuse = (error: unknown): void => settle(() => reject(error));
      const onAbort = (): void => refuse(signal.reason);
      const timer = this.#clock.setTimer(
        () =>
          refuse(new ArcpError('TIMEOUT', `the runtime did not welcome us within ${timeoutMs} ms`)),
        timeoutMs,
      );
      signal.addEventListener('abort', onAbort, { once: true });
      this.#refuse = refuse;
      this.#welcome = (envelope) => {
        if (envelope.type === 'session.error') {
          refuse(ArcpError.fromPayload(envelope.payload));
          return;
        }
        try {
          const welcome = readWelcome(envelope);
          this.#sessionId = welcome.sessionId;
          this.#startHeartbeat(welcome);
          settle(() => resolve(welcome));
        } catch (error) {
          refuse(error);
        }
      };
      this.#transport.onClose((close) => this.#end(close.error ?? closedBy(close.reason)));
      this.#transport.onFrame((frame) => this.#frame(frame));
      this.send(hello);
    });
  }

  /** Queues a frame; `failed` hears when it could not be sent although the connection stands. */
  send(envelope: Envelope, failed?: (error: ArcpError) => void): void {
    this.#lastSentMs = this.#clock.monotonic();
    this.#transport.send(envelope).catch((error: unknown) => {
      // When the connection is gone its end is reported, and requests are sent again on the next one.
      if (!this.#transport.closed && error instanceof ArcpError) failed?.(error);
    });
  }

  /** The owner is ready: frames that followed the welcome at once are delivered, and then all others. */
  start(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const envelope of held) if (!this.#ended) this.#handlers.envelope(envelope);
  }

  /** Ends the link without telling the owner. */
  close(): void {
    this.#ended = true;
    this.#heartbeat?.cancel();
    this.#transport.close('normal');
  }

  /** Ends the link and tells the owner why. */
  fail(cause: ArcpError): void {
    this.#end(cause);
  }

  #frame(frame: DecodedFrame): void {
    if (this.#ended) return;
    this.#lastReceivedMs = this.#clock.monotonic();
    if (frame.kind !== 'envelope') return;
    const { envelope } = frame;
    if (this.#welcome !== undefined) {
      if (envelope.type === 'session.welcome' || envelope.type === 'session.error')
        this.#welcome(envelope);
      return;
    }
    if (envelope.session_id !== undefined && envelope.session_id !== this.#sessionId) return;
    if (envelope.type === 'session.pong') return;
    if (envelope.type === 'session.ping') {
      this.send(
        this.#message('session.pong', {
          ping_nonce: envelope.payload.nonce ?? null,
          received_at: wireTime(this.#clock.now()),
        }),
      );
      return;
    }
    if (this.#held !== undefined) this.#held.push(envelope);
    else this.#handlers.envelope(envelope);
  }

  /** Looks twice an interval: pings when nothing was sent, gives up after two silent intervals. Source: S-41, S-43. */
  #startHeartbeat({ heartbeatIntervalSec, features }: Welcome): void {
    if (heartbeatIntervalSec === undefined || !features.includes('heartbeat')) return;
    const intervalMs = heartbeatIntervalSec * 1_000;
    const look = (): void => {
      if (this.#ended) return;
      const nowMs = this.#clock.monotonic();
      if (nowMs - this.#lastReceivedMs >= 2 * intervalMs) {
        this.#end(
          new ArcpError(
            'HEARTBEAT_LOST',
            `the runtime was silent for ${2 * heartbeatIntervalSec} seconds`,
          ),
        );
        return;
      }
      if (nowMs - this.#lastSentMs >= intervalMs * 0.9) {
        this.send(
          this.#message('session.ping', {
            nonce: this.#identifiers.next('p_'),
            sent_at: wireTime(this.#clock.now()),
          }),
        );
      }
      this.#heartbeat = this.#clock.setTimer(look, intervalMs / 2, { unref: true });
    };
    this.#heartbeat = this.#clock.setTimer(look, intervalMs / 2, { unref: true });
  }

  #message(type: string, payload: JsonObject): Envelope {
    return {
      arcp: ARCP_VERSION,
      id: this.#identifiers.next('msg_'),
      type,
      ...(this.#sessionId === undefined ? {} : { session_id: this.#sessionId }),
      payload,
    };
  }

  #end(cause: ArcpError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#heartbeat?.cancel();
    this.#transport.close('normal');
    const refuse = this.#refuse;
    if (refuse !== undefined) refuse(cause);
    else this.#handlers.ended(cause);
  }
}

function closedBy(reason: string | undefined): ArcpError {
  return new ArcpError(
    'INTERNAL_ERROR',
    `the runtime closed the connection${reason ? `: ${reason}` : ''}`,
    {
      details: { reason: 'closed' },
    },
  );
}
