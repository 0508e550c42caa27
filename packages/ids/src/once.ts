import {
  type Clock,
  EngramkitError,
  type JsonValue,
  parseJson,
  systemClock,
  systemRandom,
  toJsonValue,
} from '@engramkit/core';
import {
  EffectNotRecordedError,
  EffectUnknownError,
  inProgress,
  keyReused,
  RecordedEffectError,
  storeFailed,
} from './effect-error.js';
import type { EffectLease, OwnerWrite } from './effect-lease.js';
import { EffectRun, type OnceContext } from './effect-run.js';
import { untilChanged } from './effect-wait.js';
import type {
  IdempotencyRecord,
  IdempotencyStore,
  MaybePromise,
  StoredRecord,
} from './idempotency-store.js';
import { decideOnce } from './once-decision.js';
import { checkOptions, type FailurePolicy, type OnceOptions } from './once-options.js';

const DEFAULT_LEASE_MS = 600_000;
const DEFAULT_SKEW_MS = 1_000;
const DEFAULT_POLL_MS = 250;

/**
 * Carries out an effect at most once per key, over retries, restarts and concurrent owners, and returns its recorded result.
 *
 * The first caller claims the key and runs `effect`; others wait and get the recorded JSON. When an owner is gone that may have
 * had the effect, nobody repeats it silently: `EFFECT_UNKNOWN` until {@link resolveUnknown} says what happened (or the owner
 * reports after all). A key and its result are kept in the store as plain text.
 *
 * Rejects with what the effect threw, or with an `EngramkitError`: `EFFECT_UNKNOWN`, `EFFECT_IN_PROGRESS`,
 * `EFFECT_NOT_RECORDED` and `EFFECT_LEASE_LOST` (both carry the result as `value`), `EFFECT_RESULT_INVALID`,
 * `IDEMPOTENCY_KEY_REUSED`, `IDEMPOTENCY_STORE_FAILED` (nothing happened), `INVALID_ONCE_OPTIONS`.
 *
 * Source: bobrapet-batch section 7.
 */
export async function once<Value extends JsonValue | undefined>(
  key: string,
  effect: (context: OnceContext) => Value | Promise<Value>,
  options: OnceOptions,
): Promise<Value> {
  const { store, signal, clock = systemClock, leaseMs = DEFAULT_LEASE_MS } = options;
  checkOptions(key, leaseMs, options);
  const owner = (options.random ?? systemRandom).uuid();
  const giveUpAt = clock.monotonic() + (options.waitMs ?? Number.POSITIVE_INFINITY);
  const rules = {
    clockSkewMs: options.clockSkewMs ?? DEFAULT_SKEW_MS,
    repeatUnknown: options.unknown === 'repeat',
  };
  for (;;) {
    signal?.throwIfAborted();
    const found = readRecord(key, store);
    const stored = isPromise(found) ? await found : found;
    const nowMs = clock.now();
    const decision = decideOnce(stored, { ...rules, nowMs });
    if (stored === undefined || decision === 'claim') {
      const record = claimOf(stored, owner, leaseMs, nowMs, options);
      const claimedAt = clock.monotonic();
      const claimed = writeClaim(store, key, record, stored?.revision);
      const revision = isPromise(claimed) ? await claimed : claimed;
      if (revision !== undefined) {
        return run(key, effect, options, { record, revision, claimedAt, clock });
      }
      continue;
    }
    checkFingerprint(key, stored.record, options.fingerprint);
    if (decision === 'replay') return recordedResult(key, stored.record) as Value;
    if (decision === 'rethrow') throw new RecordedEffectError(key, stored.record.error!);
    if (decision === 'unknown') throw new EffectUnknownError(key, stored.record);
    if (decision === 'mark-unknown') {
      const record = { ...stored.record, status: 'unknown', updatedAtMs: nowMs } as const;
      await writeClaim(store, key, record, stored.revision);
      continue;
    }
    const patience = giveUpAt - clock.monotonic();
    if (patience <= 0) throw inProgress(key, stored.record, nowMs);
    const pauseMs = Math.min(options.pollMs ?? DEFAULT_POLL_MS, patience);
    await untilChanged(store, key, stored.revision, pauseMs, { clock, signal });
  }
}

/** The result that a completed record holds. */
export function recordedResult(key: string, record: IdempotencyRecord): JsonValue | undefined {
  if (record.resultJson === undefined) return undefined;
  return parseJson(record.resultJson, {
    what: `the recorded result of ${JSON.stringify(key)}`,
    maxBytes: Number.MAX_SAFE_INTEGER,
    prototypeKeys: 'keep',
    hideContent: true,
  });
}

function checkFingerprint(key: string, record: IdempotencyRecord, fingerprint?: string): void {
  if (fingerprint === undefined || record.fingerprint === undefined) return;
  if (record.fingerprint !== fingerprint) throw keyReused(key);
}

/** Stores in memory answer at once; then nothing waits, which is most of what a call costs. */
function isPromise<Value>(value: MaybePromise<Value>): value is Promise<Value> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}

function readRecord(key: string, store: IdempotencyStore): MaybePromise<StoredRecord | undefined> {
  const refuse = (error: unknown): never => {
    throw storeFailed(key, error);
  };
  try {
    const found = store.get(key);
    return isPromise(found) ? found.catch(refuse) : found;
  } catch (error) {
    return refuse(error);
  }
}

function claimOf(
  stored: StoredRecord | undefined,
  owner: string,
  leaseMs: number,
  nowMs: number,
  options: OnceOptions,
): IdempotencyRecord {
  return {
    status: options.start === 'manual' ? 'claimed' : 'started',
    owner,
    fencingToken: (stored?.record.fencingToken ?? 0) + 1,
    leaseUntilMs: nowMs + leaseMs,
    leaseMs,
    updatedAtMs: nowMs,
    ...(options.fingerprint === undefined ? {} : { fingerprint: options.fingerprint }),
  };
}

/** Claims the key; `undefined` when somebody else was faster. An unanswered write may have gone through: then it is ours. */
function writeClaim(
  store: IdempotencyStore,
  key: string,
  record: IdempotencyRecord,
  expected: string | number | undefined,
): MaybePromise<string | number | undefined> {
  const lookAgain = async (error: unknown): Promise<string | number | undefined> => {
    const current = await readRecord(key, store);
    if (current?.record.owner === record.owner) return current.revision;
    throw storeFailed(key, error);
  };
  try {
    const written = store.put(key, record, expected);
    return isPromise(written) ? written.catch(lookAgain) : written;
  } catch (error) {
    return lookAgain(error);
  }
}

async function run<Value extends JsonValue | undefined>(
  key: string,
  effect: (context: OnceContext) => Value | Promise<Value>,
  options: OnceOptions,
  held: {
    readonly record: IdempotencyRecord;
    readonly revision: string | number;
    readonly claimedAt: number;
    readonly clock: Clock;
  },
): Promise<Value> {
  const context = new EffectRun(options.signal, { key, store: options.store, ...held });
  let value: Value;
  try {
    value = await effect(context);
  } catch (error) {
    await settleFailure(context.lease, error, options);
    throw error;
  } finally {
    context.close();
  }
  return settleSuccess(context.lease, value, options, held.clock);
}

function settleSuccess<Value extends JsonValue | undefined>(
  lease: EffectLease,
  value: Value,
  options: OnceOptions,
  clock: Clock,
): MaybePromise<Value> {
  const { keepMs } = options;
  const keepUntilMs = keepMs === undefined ? undefined : clock.now() + keepMs;
  let copy: JsonValue | undefined;
  try {
    copy =
      value === undefined ? undefined : toJsonValue(value, { what: 'the result of the effect' });
  } catch (error) {
    return settleInvalid(lease, error, keepUntilMs);
  }
  const resultJson = copy === undefined ? undefined : JSON.stringify(copy);
  const settled = lease.settle({ status: 'completed', resultJson, keepUntilMs });
  return isPromise(settled)
    ? settled.then((outcome) => settledValue(lease.key, copy as Value, outcome))
    : settledValue(lease.key, copy as Value, settled);
}

/** The effect happened, so that it must not happen again; only its result is lost, for everybody alike. */
async function settleInvalid(
  lease: EffectLease,
  cause: unknown,
  keepUntilMs: number | undefined,
): Promise<never> {
  const invalid = new EngramkitError('The effect happened, but its result is no JSON.', {
    code: 'EFFECT_RESULT_INVALID',
    details: { key: lease.key },
    hint: 'Return plain JSON from the effect: identifiers and numbers, not objects of libraries.',
    cause,
  });
  await lease.settle({ status: 'failed', error: invalid.toJSON(), keepUntilMs });
  throw invalid;
}

function settledValue<Value>(key: string, value: Value, outcome: OwnerWrite): Value {
  if (outcome.kind === 'lost') {
    throw new EffectNotRecordedError(key, value, 'EFFECT_LEASE_LOST', undefined);
  }
  if (outcome.kind === 'store-failed') {
    throw new EffectNotRecordedError(key, value, 'EFFECT_NOT_RECORDED', outcome.cause);
  }
  return value;
}

/** Writes what a failure means; the failure itself is what the caller gets, whatever the store says. */
async function settleFailure(
  lease: EffectLease,
  error: unknown,
  options: OnceOptions,
): Promise<void> {
  if (lease.record.status === 'claimed') {
    await lease.settle({ status: 'released' });
    return;
  }
  const { onFailure = defaultPolicy, keepMs, clock = systemClock } = options;
  const policy = policyFor(error, onFailure);
  if (policy === 'release') await lease.settle({ status: 'released' });
  else if (policy === 'unknown') await lease.settle({ status: 'unknown' });
  else {
    await lease.settle({
      status: 'failed',
      error: EngramkitError.from(error).toJSON(),
      keepUntilMs: keepMs === undefined ? undefined : clock.now() + keepMs,
    });
  }
}

/** A policy that throws has not said that trying again is safe. */
function policyFor(
  error: unknown,
  onFailure: FailurePolicy | ((error: unknown) => FailurePolicy),
): FailurePolicy {
  if (typeof onFailure !== 'function') return onFailure;
  try {
    return onFailure(error);
  } catch {
    return 'unknown'; // The caller gets the failure of the effect, which says more.
  }
}

function defaultPolicy(error: unknown): FailurePolicy {
  return error instanceof EngramkitError && error.retry === 'unknown' ? 'unknown' : 'release';
}
