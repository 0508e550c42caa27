import { type Clock, InvalidInputError, type Random } from '@engramkit/core';
import type { IdempotencyStore } from './idempotency-store.js';

/** What becomes of a key whose effect threw. */
export type FailurePolicy = 'release' | 'record' | 'unknown';

/** Options of `once`. */
export interface OnceOptions {
  readonly store: IdempotencyStore;
  /** How long a claim lasts without renewal, milliseconds; renewed at every third; default 600,000. */
  readonly leaseMs?: number | undefined;
  /** Stops waiting, and reaches the effect; a result that is there anyway is still recorded. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for another owner, milliseconds; 0 fails at once with `EFFECT_IN_PROGRESS`; default: as long as it takes. */
  readonly waitMs?: number | undefined;
  /** How often to look while waiting, milliseconds; default 250. Stores that can tell are listened to as well. */
  readonly pollMs?: number | undefined;
  /** How far the clocks of owners may be apart, milliseconds; default 1,000. Leases of others count that much longer. */
  readonly clockSkewMs?: number | undefined;
  /** When the effect counts as begun: with the claim, or when it calls `begin()`; default `claim`. */
  readonly start?: 'claim' | 'manual' | undefined;
  /**
   * What to do when an earlier owner may have had the effect: `refuse` throws `EFFECT_UNKNOWN`, `repeat` runs it again, for
   * effects that do no harm twice. Default `refuse`.
   */
  readonly unknown?: 'refuse' | 'repeat' | undefined;
  /**
   * What a throw of the effect means: `release` lets the next call try, `record` makes it final, `unknown` asks for
   * `resolveUnknown`. Default: `unknown` for errors with the retry class `unknown`, `release` for all others.
   */
  readonly onFailure?: FailurePolicy | ((error: unknown) => FailurePolicy) | undefined;
  /** What the effect is about, such as the content id of its input; the same key with another one is refused. */
  readonly fingerprint?: string | undefined;
  /** How long a final record is kept, milliseconds; default: for ever. */
  readonly keepMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

const LONGEST_KEY = 1024;

/** Refuses what makes no sense; throws `INVALID_ONCE_OPTIONS`. */
export function checkOptions(key: string, leaseMs: number, options: OnceOptions): void {
  const { waitMs = 0, pollMs = 1, clockSkewMs = 0, keepMs = 1 } = options;
  const problem =
    key === '' || key.length > LONGEST_KEY
      ? `the key must have 1 to ${LONGEST_KEY} characters`
      : !Number.isSafeInteger(leaseMs) || leaseMs < 10
        ? 'leaseMs must be a whole number from 10'
        : !(waitMs >= 0 && pollMs > 0 && clockSkewMs >= 0 && keepMs > 0)
          ? 'waitMs and clockSkewMs must not be negative, pollMs and keepMs must be positive'
          : undefined;
  if (problem !== undefined) {
    throw new InvalidInputError(`once() cannot run: ${problem}.`, { code: 'INVALID_ONCE_OPTIONS' });
  }
}
