import type { JsonObject, JsonValue } from '@engramkit/core';

/** What may be said about an effect that happened. */
export interface EffectRecord {
  /** Free text; `succeeded` unless said otherwise. */
  readonly status?: string;
  readonly details?: JsonObject;
}

/** Options of {@link Effects.once}. */
export interface EffectOnceOptions {
  readonly signal?: AbortSignal;
  /** How long a claim lasts without renewal, in milliseconds; default 600,000. */
  readonly leaseMs?: number;
}

/**
 * Effects on the outside world that must not be repeated when a step is tried again.
 *
 * Source: bobrapet-batch section 7.
 */
export interface Effects {
  /**
   * Runs `effect` at most once for this step and key, over retries and restarts, and returns its recorded result afterwards.
   *
   * When an earlier try may have had the effect but did not record a result, it rejects with `EFFECT_UNKNOWN`.
   */
  once<Value extends JsonValue | undefined>(
    key: string,
    effect: (context: {
      readonly signal: AbortSignal;
      readonly fencingToken: number;
    }) => Promise<Value>,
    options?: EffectOnceOptions,
  ): Promise<Value>;
  /** Whether the effect is recorded. */
  has(key: string): Promise<boolean>;
  /** Records an effect that the author carried out in another way; the first record of a key wins. */
  record(key: string, record?: EffectRecord): Promise<void>;
}
