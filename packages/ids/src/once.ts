import {
  type Clock,
  EngramkitError,
  InvalidInputError,
  type JsonValue,
  parseJson,
  type Random,
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
import { EffectLease } from './effect-lease.js';
import { untilChanged } from './effect-wait.js';
import type { IdempotencyRecord, IdempotencyStore, StoredRecord } from './idempotency-store.js';
import { decideOnce } from './once-decision.js';

/** What the effect sees of the call around it. */
export interface OnceContext {
  /** Aborts with the caller's signal, and with `EFFECT_LEASE_LOST` when another owner may act. */
  readonly signal: AbortSignal;
  /** Grows with every owner of the key; hand it to the other side if that can refuse smaller ones. */
  readonly fencingToken: number;
  /**
   * With `start: 'manual'`: says that the effect begins now. Until then, another owner may take over without doubt.
   *
   * Await it before the first step that cannot be undone. Rejects when the key is lost.
   */
  begin(): Promise<void>;
}

/** What becomes of a key whose effect threw. */
export type FailurePolicy = 'release' | 'record' | 'unknown';

/** Options of {@link once}. */
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
   * {@link resolveUnknown}. Default: `unknown` for errors with the retry class `unknown`, `release` for all others.
   */
  readonly onFailure?: FailurePolicy | ((error: unknown) => FailurePolicy) | undefined;
  /** What the effect is about, such as the content id of its input; the same key with another one is refused. */
  readonly fingerprint?: string | undefined;
  /** How long a final record is kept, milliseconds; default: for ever. */
  readonly keepMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

const DEFAULT_LEASE_MS = 600_000;
const DEFAULT_SKEW_MS = 1_000;
const DEFAULT_POLL_MS = 250;
const LONGEST_KEY = 1024;

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
    const stored = await reading(key, () => store.get(key));
    const nowMs = clock.now();
    const decision = decideOnce(stored, { ...rules, nowMs });
    if (stored === undefined || decision === 'claim') {
      const record = claimOf(stored, owner, leaseMs, nowMs, options);
      const claimedAt = clock.monotonic();
      const revision = await claim(store, key, record, stored?.revision);
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
      await reading(key, () => store.put(key, record, stored.revision));
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
    prototypeKeys: 'keep',
    hideContent: true,
  });
}

function checkOptions(key: string, leaseMs: number, options: OnceOptions): void {
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

function checkFingerprint(key: string, record: IdempotencyRecord, fingerprint?: string): void {
  if (fingerprint === undefined || record.fingerprint === undefined) return;
  if (record.fingerprint !== fingerprint) throw keyReused(key);
}

async function reading<Value>(key: string, read: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    throw storeFailed(key, error);
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
async function claim(
  store: IdempotencyStore,
  key: string,
  record: IdempotencyRecord,
  expected: string | number | undefined,
): Promise<string | number | undefined> {
  try {
    return await store.put(key, record, expected);
  } catch (error) {
    const current = await reading(key, () => store.get(key));
    if (current?.record.owner === record.owner) return current.revision;
    throw storeFailed(key, error);
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
  const controls = new EffectControls(options.signal);
  const lease = new EffectLease({
    key,
    store: options.store,
    ...held,
    onLost: (reason) => controls.lose(reason),
  });
  let value: Value;
  try {
    value = await effect(controls.context(lease));
  } catch (error) {
    await settleFailure(lease, error, options);
    throw error;
  } finally {
    controls.close();
  }
  return settleSuccess(lease, value, options, held.clock);
}

/** The signal and the `begin` of one run; the signal is only made when the effect asks for it. */
class EffectControls {
  readonly #outer: AbortSignal | undefined;
  #own: AbortController | undefined;
  #lost: EngramkitError | undefined;
  readonly #forward = (): void => this.#own?.abort(this.#outer?.reason);

  constructor(outer: AbortSignal | undefined) {
    this.#outer = outer;
  }

  context(lease: EffectLease): OnceContext {
    const signalOf = (): AbortSignal => this.#signal();
    return {
      get signal() {
        return signalOf();
      },
      fencingToken: lease.record.fencingToken,
      begin: () => this.#begin(lease),
    };
  }

  lose(reason: EngramkitError): void {
    this.#lost = reason;
    this.#own?.abort(reason);
  }

  close(): void {
    this.#outer?.removeEventListener('abort', this.#forward);
  }

  #signal(): AbortSignal {
    if (this.#own === undefined) {
      this.#own = new AbortController();
      if (this.#lost !== undefined) this.#own.abort(this.#lost);
      else if (this.#outer?.aborted === true) this.#own.abort(this.#outer.reason);
      else this.#outer?.addEventListener('abort', this.#forward, { once: true });
    }
    return this.#own.signal;
  }

  async #begin(lease: EffectLease): Promise<void> {
    this.#outer?.throwIfAborted();
    if (this.#lost !== undefined) throw this.#lost;
    if (lease.record.status === 'started') return;
    const outcome = await lease.update({ status: 'started' });
    if (outcome.kind === 'written') return;
    if (outcome.kind === 'store-failed') throw storeFailed(lease.key, outcome.cause);
    throw new EngramkitError('Another owner took the key over before the effect began.', {
      code: 'EFFECT_LEASE_LOST',
      retry: 'safe',
      details: { key: lease.key },
      hint: 'Nothing happened here. Call once() again to get the result of the other owner.',
    });
  }
}

async function settleSuccess<Value extends JsonValue | undefined>(
  lease: EffectLease,
  value: Value,
  options: OnceOptions,
  clock: Clock,
): Promise<Value> {
  const keepUntil =
    options.keepMs === undefined ? {} : { keepUntilMs: clock.now() + options.keepMs };
  let copy: JsonValue | undefined;
  try {
    copy =
      value === undefined ? undefined : toJsonValue(value, { what: 'the result of the effect' });
  } catch (error) {
    // The effect happened, so that it must not happen again; only its result is lost, for everybody alike.
    const invalid = new EngramkitError('The effect happened, but its result is no JSON.', {
      code: 'EFFECT_RESULT_INVALID',
      details: { key: lease.key },
      hint: 'Return plain JSON from the effect: identifiers and numbers, not objects of libraries.',
      cause: error,
    });
    await lease.settle({ status: 'failed', error: invalid.toJSON(), ...keepUntil });
    throw invalid;
  }
  const outcome = await lease.settle({
    status: 'completed',
    ...(copy === undefined ? {} : { resultJson: JSON.stringify(copy) }),
    ...keepUntil,
  });
  if (outcome.kind === 'lost') {
    throw new EffectNotRecordedError(lease.key, copy, 'EFFECT_LEASE_LOST', undefined);
  }
  if (outcome.kind === 'store-failed') {
    throw new EffectNotRecordedError(lease.key, copy, 'EFFECT_NOT_RECORDED', outcome.cause);
  }
  return copy as Value;
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
  const policy = typeof onFailure === 'function' ? onFailure(error) : onFailure;
  if (policy === 'release') await lease.settle({ status: 'released' });
  else if (policy === 'unknown') await lease.settle({ status: 'unknown' });
  else {
    await lease.settle({
      status: 'failed',
      error: EngramkitError.from(error).toJSON(),
      ...(keepMs === undefined ? {} : { keepUntilMs: clock.now() + keepMs }),
    });
  }
}

function defaultPolicy(error: unknown): FailurePolicy {
  return error instanceof EngramkitError && error.retry === 'unknown' ? 'unknown' : 'release';
}
