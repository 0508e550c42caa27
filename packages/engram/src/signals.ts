import type { JsonValue } from '@engramkit/core';

/** One signal as it was emitted. */
export interface SignalEvent {
  readonly sequence: number;
  readonly key: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly emittedAtMs: number;
  readonly payload?: JsonValue;
}

/**
 * Signals tell the story around a step what happens inside it, while it happens.
 *
 * Source: bobrapet-batch section 8.
 */
export interface Signals {
  /** Emits `value` under `key`; `null` removes the key. Resolves when the surrounding system has it. */
  emit(key: string, value: JsonValue): Promise<void>;
  /** The signals emitted so far by this step after the given sequence number, oldest first. */
  replay(options?: { readonly afterSequence?: number }): AsyncIterable<SignalEvent>;
}
