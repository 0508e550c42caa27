import {
  type Clock,
  InvalidInputError,
  type JsonValue,
  toJsonValue,
  trimSpace,
} from '@engramkit/core';
import type { SignalEvent, Signals } from '@engramkit/engram';

/** Signals in memory. */
export interface RecordingSignals extends Signals {
  /** Everything emitted, oldest first; sequence numbers start at 1. */
  readonly events: readonly SignalEvent[];
  /** The value that stands under each key now. */
  readonly current: Readonly<Record<string, JsonValue>>;
}

/** Makes {@link RecordingSignals}; times come from `clock`, default: always 0. */
export function recordingSignals(
  options: { readonly clock?: Pick<Clock, 'now'> } = {},
): RecordingSignals {
  const { clock = { now: () => 0 } } = options;
  const events: SignalEvent[] = [];
  const current = new Map<string, JsonValue>();
  return {
    events,
    get current() {
      return Object.fromEntries(current);
    },
    async emit(rawKey, value) {
      const key = keyOf(rawKey);
      const payload = toJsonValue(value, { what: `the signal ${JSON.stringify(key)}` });
      const place = { sequence: events.length + 1, key, emittedAtMs: clock.now() };
      // A signal that removes its key has no payload. Source: bobrapet-batch section 8.1.
      events.push(Object.freeze(payload === null ? place : { ...place, payload }));
      if (payload === null) current.delete(key);
      else current.set(key, payload);
    },
    async *replay({ afterSequence = 0 } = {}) {
      for (const event of [...events]) if (event.sequence > afterSequence) yield event;
    },
  };
}

/** Keys are trimmed and required. Source: bobrapet-batch section 8.1. */
function keyOf(key: string): string {
  const trimmed = trimSpace(key);
  if (trimmed !== '') return trimmed;
  throw new InvalidInputError('a signal needs a key', {
    code: 'SIGNAL_KEY_REQUIRED',
    hint: 'Name the signal as the story refers to it.',
  });
}
