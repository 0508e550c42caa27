import type { InboundMessage, StreamMessage } from './stream-message.js';

/**
 * A received message whose `done` calls `onDone` the first time and does nothing afterwards; for hosts.
 *
 * `done` is not enumerable: a copy of the message made by spreading has no acknowledgement. What `onDone` throws is dropped,
 * because `done` never throws. Source: bobrapet-streaming section 5.2.
 */
export function inboundMessage(message: StreamMessage, onDone?: () => void): InboundMessage {
  let pending = onDone;
  const done = (): void => {
    const call = pending;
    pending = undefined;
    try {
      call?.();
    } catch {
      // The host's own fault, of which the author must not hear: a lost receipt means that the message comes again.
    }
  };
  // Defined at once as it stays, which the return type of `defineProperty` does not say.
  return Object.defineProperty({ ...message }, 'done', { value: done }) as InboundMessage;
}
