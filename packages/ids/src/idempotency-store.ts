import type { SerializedError } from '@engramkit/core';

/** A value, or a promise of it: stores in memory need no promise. */
export type MaybePromise<Value> = Value | Promise<Value>;

/**
 * How far the work behind a key is.
 *
 * - `claimed`: somebody holds the key and has not begun; may be taken over when the lease is over.
 * - `started`: somebody holds the key and may be having the effect; an expired lease means that nobody knows.
 * - `completed`: the effect happened; its result is recorded.
 * - `failed`: the effect failed for good; its error is recorded.
 * - `released`: nobody holds the key, and nothing happened that counts.
 * - `unknown`: the effect may have happened; only `resolveUnknown` or its last owner say more.
 */
export type IdempotencyStatus =
  | 'claimed'
  | 'started'
  | 'completed'
  | 'failed'
  | 'released'
  | 'unknown';

/** What a store keeps per key; plain JSON, all of it. */
export interface IdempotencyRecord {
  readonly status: IdempotencyStatus;
  /** Who claimed it last: a random identifier, new for every call. */
  readonly owner: string;
  /** Grows with every claim; whoever holds a smaller one has lost the key. */
  readonly fencingToken: number;
  /** When the lease ends, milliseconds since 1970-01-01T00:00:00Z of the owner's clock. */
  readonly leaseUntilMs: number;
  /** How long the lease is after each renewal, milliseconds. */
  readonly leaseMs: number;
  /** When this record was written, milliseconds since 1970-01-01T00:00:00Z of the writer's clock. */
  readonly updatedAtMs: number;
  /** What the caller says its input is; another one under the same key is refused. */
  readonly fingerprint?: string;
  /** JSON text of the result of `completed`; absent when there was none. */
  readonly resultJson?: string;
  /** The error of `failed`. */
  readonly error?: SerializedError;
  /** From when on the record counts as absent; absent means never. */
  readonly keepUntilMs?: number;
}

/** A record as it was read, with what a conditional write needs. */
export interface StoredRecord {
  readonly record: IdempotencyRecord;
  /** Changes with every write; what it is made of is the store's own affair. */
  readonly revision: string | number;
}

/**
 * Where claims and results live: one record per key, and writes that succeed only on what was read.
 *
 * That one primitive carries everything else; leases, fencing and replay are made of it. It fits `resourceVersion` of a
 * Kubernetes EffectClaim (holder, transitions and renewal time there are owner, fencing token and lease here), a Redis script
 * that compares a field before `SET`, and `UPDATE … WHERE key = $1 AND revision = $2` of PostgreSQL. A store must be
 * linearizable per key and must have a write safely before it answers. `idempotencyStoreSuite` of `@engramkit/testing` checks a
 * store against this contract.
 */
export interface IdempotencyStore {
  /** The latest record of the key. The caller must not change it. */
  get(key: string): MaybePromise<StoredRecord | undefined>;
  /**
   * Writes the record if the key still has the expected revision; `undefined` expects that there is none.
   *
   * Returns the new revision, or `undefined` when somebody else was faster. A rejection leaves open whether the write happened.
   */
  put(
    key: string,
    record: IdempotencyRecord,
    expected: string | number | undefined,
  ): MaybePromise<string | number | undefined>;
  /**
   * Calls `onChange` at some time after each write to the key, until the returned function is called.
   *
   * Optional: whoever waits looks again from time to time anyway. Calls may come late, twice or for nothing.
   */
  watch?(key: string, onChange: () => void): () => void;
}
