import type { Secrets } from '@engramkit/secrets';
import type { ExecutionContext } from './context.js';
import type { ControlDirective } from './control.js';
import type { InboundMessage, StreamMessage } from './stream-message.js';

/** Where a streaming engram puts what it makes. */
export interface StreamOutput {
  /**
   * Resolves when the message is accepted; waits while the queue is full. Rejects when the message is invalid, the run is
   * aborted or the stream is over.
   */
  send(message: StreamMessage): Promise<void>;
}

/**
 * Work without an end: messages in, messages out, until the stream or the run ends.
 *
 * Source: bobrapet-streaming sections 4 to 6.
 */
export interface StreamingEngram<Config = unknown> {
  /** Runs before `stream`. */
  init?(config: Config, secrets: Secrets, context: ExecutionContext): void | Promise<void>;
  /** Runs until the input ends or `context.signal` aborts; a throw ends the stream as failed. */
  stream(
    inbound: AsyncIterable<InboundMessage>,
    out: StreamOutput,
    context: ExecutionContext,
  ): Promise<void>;
  /** Answers a control directive; without it the runtime's default answers apply. Return nothing for `ack`. */
  handleControl?(
    directive: ControlDirective,
    context: ExecutionContext,
  ): ControlDirective | undefined | Promise<ControlDirective | undefined>;
  /** Runs once after everything, whatever the outcome. */
  close?(): void | Promise<void>;
}
