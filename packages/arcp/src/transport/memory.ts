import { decodeFrame, decodeValue, type Envelope, encodeFrame } from '../envelope.js';
import { ArcpError } from '../error.js';
import { FrameInbox, type Transport } from './transport.js';

/** Options of {@link memoryTransportPair}. */
export interface MemoryTransportOptions {
  /** Passes every frame through JSON text, so that what would not survive the wire shows up; default `true`. */
  readonly throughText?: boolean;
  /** The largest frame in bytes when passed through text. */
  readonly maxBytes?: number;
}

/** Two connected ends in one process: first in, first out; closing one closes the other. Source: arcp section 1.4, T-30. */
export function memoryTransportPair(
  options: MemoryTransportOptions = {},
): readonly [Transport, Transport] {
  const left = new MemoryEnd(options);
  const right = new MemoryEnd(options);
  left.peer = right;
  right.peer = left;
  return [left, right];
}

class MemoryEnd implements Transport {
  readonly exposed = false;
  readonly bufferedBytes = 0;
  peer: MemoryEnd | undefined;
  readonly #inbox = new FrameInbox();
  readonly #options: MemoryTransportOptions;

  constructor(options: MemoryTransportOptions) {
    this.#options = options;
  }

  get closed(): boolean {
    return this.#inbox.closed;
  }

  async send(envelope: Envelope): Promise<void> {
    if (this.closed) throw new ArcpError('INTERNAL_ERROR', 'the transport is closed');
    const { throughText = true, maxBytes } = this.#options;
    const frame = throughText
      ? decodeFrame(encodeFrame(envelope, maxBytes))
      : decodeValue(envelope as never);
    const peer = this.peer;
    // Delivered in a later microtask: a handler never runs inside the sender's call.
    await Promise.resolve();
    peer?.receive(frame);
  }

  receive(frame: ReturnType<typeof decodeFrame>): void {
    this.#inbox.push(frame);
  }

  onFrame(handler: Parameters<Transport['onFrame']>[0]): void {
    this.#inbox.onFrame(handler);
  }

  onClose(handler: Parameters<Transport['onClose']>[0]): void {
    this.#inbox.onClose(handler);
  }

  close(): void {
    if (!this.#inbox.end({ reason: 'normal' })) return;
    const peer = this.peer;
    queueMicrotask(() => queueMicrotask(() => peer?.ended()));
  }

  ended(): void {
    this.#inbox.end({ reason: 'normal' });
  }
}
