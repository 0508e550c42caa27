import type { Clock, JsonValue, Random } from '@engramkit/core';
import type { Effects } from '@engramkit/engram';
import {
  type IdempotencyRecord,
  type IdempotencyStatus,
  memoryIdempotencyStore,
  recordedResult,
} from '@engramkit/ids';
import { effectsOn } from '@engramkit/runtime';
import { manualClock } from './manual-clock.js';
import { seededRandom } from './seeded-random.js';

/** One effect, as its record stands now. */
export interface RecordedEffect {
  readonly key: string;
  /** `completed` when it happened, `released` when its last try failed, `started` while it runs, `unknown` when nobody knows. */
  readonly status: IdempotencyStatus;
  /** What the effect returned, or what the author recorded; absent until it is completed. */
  readonly result?: JsonValue;
  /** How often the key was claimed, which is how often the effect was tried. */
  readonly attempts: number;
}

/** Effects in memory: nothing survives the object, everything else is what hosts do. */
export interface RecordingEffects extends Effects {
  /** A snapshot of every key that was used, in the order of first use. */
  readonly records: readonly RecordedEffect[];
  /** Plays an earlier try that died in the middle: `once` with this key rejects with `EFFECT_UNKNOWN`. */
  markUnknown(key: string): void;
}

/** Options of {@link recordingEffects}. */
export interface RecordingEffectsOptions {
  /** Results of an earlier try, by key: `once` returns them and calls nothing. */
  readonly recorded?: Readonly<Record<string, JsonValue>>;
  /** Drives leases; default: a manual clock of its own. */
  readonly clock?: Clock;
  /** Names owners; default: seeded. */
  readonly random?: Random;
}

/** Makes {@link RecordingEffects}. Source: bobrapet-batch section 7. */
export function recordingEffects(options: RecordingEffectsOptions = {}): RecordingEffects {
  const { recorded = {}, clock = manualClock(), random = seededRandom('effects') } = options;
  const store = memoryIdempotencyStore();
  const put = (key: string, record: Pick<IdempotencyRecord, 'status' | 'resultJson'>): void => {
    const atMs = clock.now();
    const rest = {
      owner: 'earlier',
      fencingToken: 1,
      leaseUntilMs: atMs,
      leaseMs: 0,
      updatedAtMs: atMs,
    };
    store.put(key, { ...rest, ...record }, store.get(key)?.revision);
  };
  for (const [key, result] of Object.entries(recorded)) {
    put(key, { status: 'completed', resultJson: JSON.stringify(result) });
  }
  return {
    ...effectsOn({ store, clock, random }),
    get records() {
      return [...store.list()].map(([key, record]) => recordOf(key, record));
    },
    markUnknown: (key) => put(key, { status: 'unknown' }),
  };
}

function recordOf(key: string, record: IdempotencyRecord): RecordedEffect {
  const result = record.status === 'completed' ? recordedResult(key, record) : undefined;
  return Object.freeze({
    key,
    status: record.status,
    attempts: record.fencingToken,
    ...(result === undefined ? {} : { result }),
  });
}
