import {
  EngramkitError,
  InvalidInputError,
  type JsonValue,
  toJsonValue,
  trimSpace,
} from '@engramkit/core';
import type { EffectOnceOptions, EffectRecord, Effects } from '@engramkit/engram';

/** One effect that is recorded as having happened. */
export interface RecordedEffect {
  readonly key: string;
  /** `succeeded` unless the author said otherwise. */
  readonly status: string;
  /** What the effect returned, or the details that the author recorded. */
  readonly result?: JsonValue;
  /** How often the effect's function was called, also by tries that failed; 0 for an effect recorded by hand. */
  readonly calls: number;
}

/** Effects in memory: nothing survives the object, everything else is as in production. */
export interface RecordingEffects extends Effects {
  /** What happened, in the order of completion. */
  readonly records: readonly RecordedEffect[];
  /** Plays an earlier try that died in the middle: `once` with this key rejects with `EFFECT_UNKNOWN`. */
  markUnknown(key: string): void;
}

/** Makes {@link RecordingEffects}; `recorded` are results of an earlier try, by key. */
export function recordingEffects(
  options: { readonly recorded?: Readonly<Record<string, JsonValue>> } = {},
): RecordingEffects {
  const records: RecordedEffect[] = [];
  const calls = new Map<string, number>();
  const unknown = new Set<string>();
  const running = new Map<string, Promise<unknown>>();
  const find = (key: string): RecordedEffect | undefined =>
    records.find((record) => record.key === key);
  const add = (key: string, status: string, result: unknown): RecordedEffect => {
    const record = Object.freeze({
      key,
      status,
      calls: calls.get(key) ?? 0,
      ...(result === undefined
        ? {}
        : {
            result: toJsonValue(result, {
              what: `the result of the effect ${JSON.stringify(key)}`,
            }),
          }),
    });
    records.push(record);
    return record;
  };
  for (const [key, result] of Object.entries(options.recorded ?? {})) add(key, 'succeeded', result);

  const attempt = async (
    key: string,
    effect: Parameters<Effects['once']>[1],
    signal: AbortSignal | undefined,
  ): Promise<unknown> => {
    const fencingToken = (calls.get(key) ?? 0) + 1;
    calls.set(key, fencingToken);
    const value = await effect({ signal: signal ?? new AbortController().signal, fencingToken });
    return add(key, 'succeeded', value).result;
  };

  return {
    records,
    markUnknown: (key) => void unknown.add(keyOf(key)),
    async once<Value extends JsonValue | undefined>(
      rawKey: string,
      effect: (context: { signal: AbortSignal; fencingToken: number }) => Promise<Value>,
      { signal }: EffectOnceOptions = {},
    ): Promise<Value> {
      const key = keyOf(rawKey);
      signal?.throwIfAborted();
      // A second caller waits for the first; when that one fails, its own turn comes.
      while (running.has(key)) await running.get(key)?.catch(() => undefined);
      if (unknown.has(key)) throw unknownEffect(key);
      const recorded = find(key);
      // What is stored under the key came from the same effect, so it has its type.
      if (recorded !== undefined) return copyOf(recorded.result) as Value;
      const attempted = attempt(key, effect, signal).finally(() => running.delete(key));
      running.set(key, attempted);
      return copyOf((await attempted) as JsonValue | undefined) as Value;
    },
    async has(key) {
      return find(keyOf(key)) !== undefined;
    },
    async record(rawKey, { status = 'succeeded', details }: EffectRecord = {}) {
      const key = keyOf(rawKey);
      if (find(key) === undefined) add(key, status, details);
      unknown.delete(key);
    },
  };
}

/** Keys are trimmed and required. Source: bobrapet-batch section 7. */
function keyOf(key: string): string {
  const trimmed = trimSpace(key);
  if (trimmed !== '') return trimmed;
  throw new InvalidInputError('an effect needs a key', {
    code: 'EFFECT_KEY_EMPTY',
    hint: 'Name the effect, for example after the object that it changes.',
  });
}

function copyOf(value: JsonValue | undefined): JsonValue | undefined {
  return value === undefined ? undefined : structuredClone(value);
}

function unknownEffect(key: string): EngramkitError {
  return new EngramkitError(
    `nobody knows whether the effect ${JSON.stringify(key)} of an earlier try happened`,
    {
      code: 'EFFECT_UNKNOWN',
      retry: 'unknown',
      details: { key },
      hint: 'Find out in the outside system; if it happened, say so with effects.record.',
    },
  );
}
