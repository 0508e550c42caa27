import type { DecodedFrame, Envelope } from '../envelope.js';
import type { ArcpError } from '../error.js';

/** Why a side closes a transport; mapped to close codes where the transport has some. Source: arcp section 1.4, T-14. */
export type CloseReason = 'normal' | 'shutdown' | 'policy' | 'too-big' | 'fault' | 'overloaded';

/** How a transport ended. */
export interface TransportClose {
  /** Present unless the end was orderly. */
  readonly error?: ArcpError;
  readonly reason?: string;
}

/**
 * A duplex, ordered, reliable channel of frames. Source: arcp section 1.4.
 *
 * Frames that arrive before a handler is attached are kept; handlers run one at a time, in order; the end is reported once.
 */
export interface Transport {
  /**
   * Queues a frame. Resolves when the frames queued so far fit the transport's own buffer, so that awaiting it is
   * back-pressure; rejects when the transport is closed or the frame exceeds the limit for sending.
   */
  send(envelope: Envelope): Promise<void>;
  /** Attaches the only frame handler. */
  onFrame(handler: (frame: DecodedFrame) => void): void;
  /** Attaches a handler for the end; called at once when the transport has ended already. */
  onClose(handler: (close: TransportClose) => void): void;
  /** Ends the transport; does nothing the second time. */
  close(reason?: CloseReason): void;
  readonly closed: boolean;
  /** Bytes that were sent and have not left the process yet. */
  readonly bufferedBytes: number;
  /** Whether the peer is beyond this machine and the channel is not encrypted. Source: arcp section 7.1, C-6. */
  readonly exposed: boolean;
}

/** The receiving half of a transport: keeps early frames, reports the end once. */
export class FrameInbox {
  #handler: ((frame: DecodedFrame) => void) | undefined;
  #early: DecodedFrame[] = [];
  #close: TransportClose | undefined;
  #closeReported = false;
  readonly #closeHandlers: ((close: TransportClose) => void)[] = [];

  get closed(): boolean {
    return this.#close !== undefined;
  }

  push(frame: DecodedFrame): void {
    if (this.#close !== undefined) return;
    if (this.#handler === undefined || this.#early.length > 0) this.#early.push(frame);
    else this.#handler(frame);
  }

  onFrame(handler: (frame: DecodedFrame) => void): void {
    this.#handler = handler;
    // A handler that pushes is served after the frames that came before.
    while (this.#early.length > 0) {
      const frame = this.#early[0]!;
      handler(frame);
      this.#early.shift();
    }
    this.#reportClose();
  }

  onClose(handler: (close: TransportClose) => void): void {
    this.#closeHandlers.push(handler);
    if (this.#closeReported) handler(this.#close!);
    else this.#reportClose();
  }

  /** Returns whether this call was the one that ended it. */
  end(close: TransportClose): boolean {
    if (this.#close !== undefined) return false;
    this.#close = close;
    this.#reportClose();
    return true;
  }

  /** The end comes after every frame; frames wait for their handler. */
  #reportClose(): void {
    if (this.#close === undefined || this.#closeReported) return;
    if (this.#early.length > 0 && this.#handler === undefined) return;
    if (this.#closeHandlers.length === 0) return;
    this.#closeReported = true;
    for (const handler of this.#closeHandlers) handler(this.#close);
  }
}
