import { EngramkitError, type SerializedError } from '@engramkit/core';
import type { IdempotencyRecord } from './idempotency-store.js';

/** Nobody knows whether the effect happened: its owner began and never said how it ended. Code `EFFECT_UNKNOWN`. */
export class EffectUnknownError extends EngramkitError {
  static override readonly brand: string = 'EffectUnknownError';
  readonly key: string;
  /** The last that is known. */
  readonly record: IdempotencyRecord;

  constructor(key: string, record: IdempotencyRecord, options: { readonly cause?: unknown } = {}) {
    super(
      `Nobody knows whether the effect ${shown(key)} happened: its owner began it and never reported.`,
      {
        code: 'EFFECT_UNKNOWN',
        retry: 'unknown',
        details: { key, fencingToken: record.fencingToken, leaseUntilMs: record.leaseUntilMs },
        hint: 'Look at the other side, then call resolveUnknown() with what really happened.',
        ...options,
      },
    );
    this.key = key;
    this.record = record;
  }
}

/**
 * The effect happened, but its result could not be recorded. Code `EFFECT_NOT_RECORDED`.
 *
 * The store failed, or another owner took the key over while this one was away (`EFFECT_LEASE_LOST`).
 */
export class EffectNotRecordedError extends EngramkitError {
  static override readonly brand: string = 'EffectNotRecordedError';
  readonly key: string;
  /** The result that is recorded nowhere. */
  readonly value: unknown;

  constructor(
    key: string,
    value: unknown,
    code: 'EFFECT_NOT_RECORDED' | 'EFFECT_LEASE_LOST',
    cause: unknown,
  ) {
    const why =
      code === 'EFFECT_LEASE_LOST'
        ? 'another owner took the key over'
        : 'the store did not take it';
    super(`The effect ${shown(key)} happened, but its result is not recorded: ${why}.`, {
      code,
      retry: 'unknown',
      details: { key },
      hint:
        code === 'EFFECT_LEASE_LOST'
          ? 'The effect may have happened twice. Use a longer lease, and pass the fencing token to the other side.'
          : 'Keep the result (error.value) and call resolveUnknown() with it once the store works again.',
      ...(cause === undefined ? {} : { cause }),
    });
    this.key = key;
    this.value = value;
  }
}

/** The error that an earlier call recorded for this key, thrown again; `recorded` is what is known of it. */
export class RecordedEffectError extends EngramkitError {
  static override readonly brand: string = 'RecordedEffectError';
  readonly key: string;
  readonly recorded: SerializedError;

  constructor(key: string, recorded: SerializedError) {
    super(recorded.message, {
      code: recorded.code,
      retry: recorded.retry,
      ...(recorded.retryAfterMs === undefined ? {} : { retryAfterMs: recorded.retryAfterMs }),
      ...(recorded.details === undefined ? {} : { details: recorded.details }),
      ...(recorded.hint === undefined ? {} : { hint: recorded.hint }),
    });
    this.key = key;
    this.recorded = recorded;
  }
}

/** Another owner is at work and the caller did not want to wait longer. */
export function inProgress(key: string, record: IdempotencyRecord, nowMs: number): EngramkitError {
  return new EngramkitError(`The effect ${shown(key)} is being carried out by another owner.`, {
    code: 'EFFECT_IN_PROGRESS',
    retry: 'safe',
    retryAfterMs: Math.max(0, record.leaseUntilMs - nowMs),
    details: { key, leaseUntilMs: record.leaseUntilMs },
    hint: 'Try again later, or wait longer with waitMs.',
  });
}

/** The key stands for another input. */
export function keyReused(key: string): EngramkitError {
  return new EngramkitError(`The key ${shown(key)} was used for another input.`, {
    code: 'IDEMPOTENCY_KEY_REUSED',
    details: { key },
    hint: 'Derive the key from everything that makes the effect what it is.',
  });
}

/** The store failed before anything happened. */
export function storeFailed(key: string, cause: unknown): EngramkitError {
  return new EngramkitError(
    `The idempotency store failed for ${shown(key)}; the effect was not started.`,
    {
      code: 'IDEMPOTENCY_STORE_FAILED',
      retry: 'safe',
      details: { key },
      hint: 'Check that the store is reachable and writable.',
      cause,
    },
  );
}

/** A key for messages: bounded, quoted. */
export function shown(key: string): string {
  return JSON.stringify(key.length <= 120 ? key : `${key.slice(0, 120)}…`);
}
