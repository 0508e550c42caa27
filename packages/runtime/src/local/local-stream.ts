import {
  createChannel,
  type InboundMessage,
  inboundMessage,
  type StreamMessage,
  type StreamOutput,
} from '@engramkit/engram';

/** Both ends of a stream inside one process. */
export interface LocalStream {
  /** For the engram: what was pushed. */
  readonly inbound: AsyncIterable<InboundMessage>;
  /** For the engram: where it sends. */
  readonly out: StreamOutput;
  /** Resolves when the engram's queue has room and took the message. */
  push(message: StreamMessage, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Says that no more messages come; what was pushed is still delivered. */
  end(): void;
  /** What the engram sent; ends after {@link LocalStream.close}. */
  readonly sent: AsyncIterable<StreamMessage>;
  /** Says that the engram sends no more: call it when the run is over. */
  close(): void;
  /** How many messages the engram acknowledged. */
  readonly acknowledged: number;
}

const CAPACITY = 64;

/**
 * Makes a stream over in-process channels, with back-pressure in both directions.
 *
 * `capacity` is how many messages wait in each direction; default 64.
 */
export function createLocalStream(options: { readonly capacity?: number } = {}): LocalStream {
  const { capacity = CAPACITY } = options;
  const incoming = createChannel<InboundMessage>(capacity);
  const outgoing = createChannel<StreamMessage>(capacity);
  let acknowledged = 0;
  return {
    inbound: incoming,
    out: { send: (message) => outgoing.send(message) },
    push: (message, pushOptions) =>
      incoming.send(
        inboundMessage(message, () => {
          acknowledged += 1;
        }),
        pushOptions,
      ),
    end: () => incoming.close(),
    sent: outgoing,
    close: () => outgoing.close(),
    get acknowledged() {
      return acknowledged;
    },
  };
}
