import type { JsonValue } from '@engramkit/core';
import type { EffectRecord, Effects } from '@engramkit/engram';

/** Effects that are remembered as long as the process lives. */
export function memoryEffects(): Effects {
  const results = new Map<string, Promise<JsonValue | undefined>>();
  const records = new Map<string, EffectRecord>();
  return {
    async once(key, effect, options = {}) {
      const running =
        results.get(key) ??
        effect({ signal: options.signal ?? new AbortController().signal, fencingToken: 1 });
      results.set(key, running);
      running.catch(() => results.delete(key)); // A failed effect may be tried again.
      return (await running) as Awaited<ReturnType<typeof effect>>;
    },
    async has(key) {
      return results.has(key) || records.has(key);
    },
    async record(key, record = {}) {
      if (!records.has(key)) records.set(key, record);
    },
  };
}
