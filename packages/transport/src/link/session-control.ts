import { type Clock, describeThrown, trimSpace } from '@engramkit/core';
import type { ControlDirective, Logger } from '@engramkit/engram';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { Receipt } from '../delivery/delivery-ledger.js';
import {
  ControlAction,
  type ControlRequest,
  type ControlResponse,
} from '../gen/transport/v1/transport_pb.js';
import { metadataProblem } from '../wire/packet-limits.js';
import { controlRequest } from './connector-service.js';
import { defaultAnswer, directiveOf, requestOf } from './control-directive.js';
import { Handshake } from './handshake.js';
import type { TransportSettings } from './settings.js';
import { TransportError } from './transport-error.js';

/** Answers a directive in place of the default answers. */
export type ControlHandler = (directive: ControlDirective) => Promise<ControlDirective | undefined>;

/** How many directives may wait for the engram's handler. */
const MAX_WAITING = 64;
/** The longest text of an error answer, in characters. Source: bobrapet-streaming section 6.3. */
const MAX_ERROR_TEXT = 1_000;

/** What a {@link SessionControl} needs. */
export interface SessionControlOptions {
  readonly call: ClientDuplexStream<ControlRequest, ControlResponse>;
  readonly settings: TransportSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly handler: ControlHandler | undefined;
  readonly onReady: () => void;
  readonly onDirective: (directive: ControlDirective) => void;
  readonly onAlive: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * The Control stream of one session: handshake, receipts, heartbeats and directives.
 *
 * The engram's handler works beside all of that: a slow one delays later directives, nothing else.
 * Source: bobrapet-streaming sections 2.7, 5.6 and 6.
 */
export class SessionControl {
  readonly #options: SessionControlOptions;
  readonly #handshake = new Handshake();
  #waiting: ControlDirective[] = [];
  #handling = false;
  #ready = false;
  #closed = false;
  /** Whether the connector answers heartbeats; only then does silence mean that it is gone. */
  #answers = false;
  #timer: Disposable | undefined;
  #silence: Disposable | undefined;

  constructor(options: SessionControlOptions) {
    this.#options = options;
    const { call, onError } = options;
    call.on('data', (response: ControlResponse) => {
      try {
        this.#receive(response);
      } catch (error) {
        onError(error);
      }
    });
    this.#beat();
  }

  /** Acknowledges a packet. Source: bobrapet-streaming section 5.2. */
  sendReceipt({ streamId, sequence, partition, sizeBytes }: Receipt): void {
    this.#write(
      controlRequest({
        action: ControlAction.UNSPECIFIED,
        customAction: 'downstream.delivered',
        metadata: {
          stream_id: streamId,
          sequence: String(sequence),
          partition,
          size_bytes: String(sizeBytes),
        },
      }),
    );
  }

  /** Says that nothing more comes; what was written before is still sent. */
  end(): void {
    if (this.#closed) return;
    this.close();
    this.#options.call.end();
  }

  /** Stops the timers. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#timer?.[Symbol.dispose]();
    this.#silence?.[Symbol.dispose]();
  }

  #receive(response: ControlResponse): void {
    const { onAlive, onDirective, onReady } = this.#options;
    if (this.#closed) return;
    onAlive();
    this.#silence?.[Symbol.dispose]();
    this.#silence = undefined;
    const directive = directiveOf(response);
    if (directive.type === 'ack' && directive.metadata?.received === 'heartbeat') {
      this.#answers = true;
    }
    this.#handshake.observe(directive);
    const problem = metadataProblem(new Map(Object.entries(response.metadata)));
    if (problem !== undefined) {
      throw new TransportError(`transport control response invalid: ${problem}`, {
        code: 'PACKET_REFUSED',
        retry: 'safe',
      });
    }
    onDirective(directive);
    this.#answer(directive);
    if (this.#handshake.complete && !this.#ready) {
      this.#ready = true;
      onReady();
    }
  }

  #answer(directive: ControlDirective): void {
    if (this.#options.handler === undefined) {
      this.#reply(defaultAnswer(directive));
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) {
      this.#options.logger.warn('a control directive was dropped: the handler is too slow', {
        type: directive.type,
      });
      this.#reply({ type: 'error', metadata: { message: 'too many directives wait' } });
      return;
    }
    this.#waiting.push(directive);
    if (!this.#handling) void this.#handle(this.#options.handler);
  }

  async #handle(handler: ControlHandler): Promise<void> {
    this.#handling = true;
    for (;;) {
      const directive = this.#waiting.shift();
      if (directive === undefined) break;
      try {
        const answer = await this.#limited(handler, directive);
        // Somebody has to tell the other side to go on; an answer to an answer would go round for ever.
        if (trimSpace(directive.type).toLowerCase() !== 'ack') this.#reply(answer);
      } catch (error) {
        this.#options.logger.warn('handleControl failed', { type: directive.type, error });
        const text = describeThrown(error);
        const message = [...text].slice(0, MAX_ERROR_TEXT).join('');
        this.#reply({ type: 'error', metadata: { message } });
      }
    }
    this.#handling = false;
  }

  async #limited(
    handler: ControlHandler,
    directive: ControlDirective,
  ): Promise<ControlDirective | undefined> {
    const { clock, settings } = this.#options;
    return await new Promise((resolve, reject) => {
      const limit = clock.setTimer(
        () =>
          reject(
            new TransportError(
              `handleControl did not answer within ${settings.messageTimeoutMs} ms`,
              { code: 'CONTROL_HANDLER_TIMEOUT' },
            ),
          ),
        settings.messageTimeoutMs,
        { unref: true },
      );
      handler(directive)
        .then(resolve, reject)
        .finally(() => limit.cancel());
    });
  }

  #reply(answer: ControlDirective | undefined): void {
    if (answer !== undefined) this.#write(requestOf(answer));
  }

  #beat(): void {
    const { clock, settings } = this.#options;
    this.#timer = clock.setTimer(() => {
      this.#write(
        controlRequest({ action: ControlAction.HEARTBEAT, metadata: { ts: String(clock.now()) } }),
      );
      this.#watchSilence();
      this.#beat();
    }, settings.controlHeartbeatMs);
  }

  /** A half-open connection takes everything and answers nothing. */
  #watchSilence(): void {
    const { clock, settings, onError } = this.#options;
    if (!this.#answers || this.#silence !== undefined) return;
    this.#silence = clock.setTimer(
      () =>
        onError(
          new TransportError(
            `the connector did not answer a heartbeat within ${settings.messageTimeoutMs} ms`,
            { code: 'CONNECTOR_SILENT', retry: 'safe' },
          ),
        ),
      settings.messageTimeoutMs,
    );
  }

  #write(request: ControlRequest): void {
    if (this.#closed) return;
    this.#options.call.write(request, () => this.#options.onAlive());
  }
}
