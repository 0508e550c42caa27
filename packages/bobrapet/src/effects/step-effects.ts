import { InvalidInputError, type JsonObject, trimSpace } from '@engramkit/core';
import type { EffectRecord, Effects } from '@engramkit/engram';
import { effectsOn } from '@engramkit/runtime';
import { toWireSeconds } from '../status/wire-time.js';
import { type EffectClaimStoreOptions, effectClaimStore } from './claim-store.js';
import { ledgerDetails } from './effect-ledger.js';
import { wireEffectKey } from './wire-effect-key.js';

/** How long recording may take, in milliseconds. Source: bobrapet-batch section 7.1. */
const RECORD_MS = 3_000;

/**
 * The effects of one StepRun: claims for `once`, the ledger of the status for `record`.
 *
 * Keys are trimmed; an empty one is refused with `INVALID_EFFECT_KEY`. Source: bobrapet-batch sections 7.1 and 7.3.
 */
export function stepEffects(options: EffectClaimStoreOptions): Effects {
  const { clock, random, writer, maxDetailsBytes } = options;
  const store = effectClaimStore(options);
  const onStore = effectsOn({ store, clock, random });
  return {
    once: (key, effect, once) => onStore.once(effectKey(key), effect, once),
    has: async (key) => await onStore.has(effectKey(key)),
    async record(given: string, { status, details }: EffectRecord = {}) {
      const key = wireEffectKey(effectKey(given));
      const entry = {
        seq: 0,
        key,
        status: status === undefined ? 'succeeded' : trimSpace(status),
        emittedAt: toWireSeconds(clock.now()),
        ...ledgerDetails(key, details as JsonObject | undefined, maxDetailsBytes),
      };
      await writer.update({ effects: [entry] }, { budgetMs: RECORD_MS });
    },
  };
}

function effectKey(key: string): string {
  const trimmed = trimSpace(key);
  if (trimmed !== '') return trimmed;
  throw new InvalidInputError('the effect key is empty', {
    code: 'INVALID_EFFECT_KEY',
    hint: 'Name the effect, such as "provider.charge".',
  });
}
