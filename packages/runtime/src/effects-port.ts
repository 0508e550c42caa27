import type { Clock, JsonValue, Random } from '@engramkit/core';
import type { EffectOnceOptions, EffectRecord, Effects } from '@engramkit/engram';
import { type IdempotencyStore, once, recordEffect } from '@engramkit/ids';

/** What the effects of one step are kept in and driven by. */
export interface EffectsOptions {
  readonly store: IdempotencyStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** The effects of one step over any store of claims and results. Source: bobrapet-batch section 7. */
export function effectsOn(options: EffectsOptions): Effects {
  const { store, clock, random } = options;
  return {
    once: <Value extends JsonValue | undefined>(
      key: string,
      effect: (context: {
        readonly signal: AbortSignal;
        readonly fencingToken: number;
      }) => Promise<Value>,
      { signal, leaseMs }: EffectOnceOptions = {},
    ): Promise<Value> => once(key, effect, { store, signal, leaseMs, clock, random }),
    async has(key) {
      return (await store.get(key))?.record.status === 'completed';
    },
    async record(key, record: EffectRecord = {}) {
      await recordEffect(store, key, { ...record }, { clock, random });
    },
  };
}
