import {
  type Clock,
  EngramkitError,
  type JsonValue,
  type Random,
  stringifyJson,
  systemClock,
  systemRandom,
} from '@engramkit/core';
import { inProgress, shown } from './effect-error.js';
import type { IdempotencyRecord, IdempotencyStore, StoredRecord } from './idempotency-store.js';
import { isLeaseOver } from './once-decision.js';

/** What really happened: it did, with this result, or it did not. */
export type UnknownResolution =
  | { readonly happened: true; readonly result?: JsonValue | undefined }
  | { readonly happened: false };

/** Options of {@link resolveUnknown} and {@link recordEffect}. */
export interface ResolveOptions {
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** How far the clocks of owners may be apart, milliseconds; default 1,000. */
  readonly clockSkewMs?: number | undefined;
}

const DEFAULT_SKEW_MS = 1_000;
const TRIES = 16;

/**
 * Ends doubt about an effect: completed with a result, or released for the next call.
 *
 * Whoever owned the key before is fenced off: what it reports later is refused. Throws `EFFECT_NOT_UNKNOWN` when there is no
 * doubt (nothing known of the key, or a final record), and `EFFECT_IN_PROGRESS` while the owner's lease lasts. Returns the new
 * record.
 */
export async function resolveUnknown(
  store: IdempotencyStore,
  key: string,
  resolution: UnknownResolution,
  options: ResolveOptions = {},
): Promise<IdempotencyRecord> {
  const { clockSkewMs = DEFAULT_SKEW_MS, clock = systemClock } = options;
  return overwrite(store, key, options, (stored) => {
    const nowMs = clock.now();
    const status = stored?.record.status;
    if (status === 'started' && !isLeaseOver(stored!.record, { nowMs, clockSkewMs })) {
      throw inProgress(key, stored!.record, nowMs);
    }
    if (status !== 'unknown' && status !== 'started') {
      throw new EngramkitError(
        `There is no doubt about the effect ${shown(key)}: ${status === undefined ? 'it was never begun' : `it is ${status}`}.`,
        {
          code: 'EFFECT_NOT_UNKNOWN',
          details: { key, ...(status === undefined ? {} : { status }) },
          hint: 'Only effects whose state is unknown can be resolved.',
        },
      );
    }
    if (!resolution.happened) return { status: 'released' };
    return { status: 'completed', ...resultOf(resolution.result) };
  });
}

/**
 * Records an effect that was carried out without `once`; the first record of a key wins.
 *
 * Returns whether this call made the record. An owner that is at work under the key is fenced off.
 */
export async function recordEffect(
  store: IdempotencyStore,
  key: string,
  result?: JsonValue,
  options: ResolveOptions = {},
): Promise<boolean> {
  let isNew = true;
  await overwrite(store, key, options, (stored) => {
    isNew = stored?.record.status !== 'completed';
    return isNew ? { status: 'completed', ...resultOf(result) } : undefined;
  });
  return isNew;
}

function resultOf(result: JsonValue | undefined): Pick<IdempotencyRecord, 'resultJson'> {
  return result === undefined
    ? {}
    : { resultJson: stringifyJson(result, { what: 'the result of the effect' }) };
}

/** Writes over whatever is there, as a new owner; `decide` looks at each state and may refuse or leave it. */
async function overwrite(
  store: IdempotencyStore,
  key: string,
  options: ResolveOptions,
  decide: (
    stored: StoredRecord | undefined,
  ) => Pick<IdempotencyRecord, 'status' | 'resultJson'> | undefined,
): Promise<IdempotencyRecord> {
  const { clock = systemClock, random = systemRandom } = options;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const stored = await store.get(key);
    const decision = decide(stored);
    if (decision === undefined) return stored!.record;
    const nowMs = clock.now();
    const fingerprint = stored?.record.fingerprint;
    const record: IdempotencyRecord = {
      ...decision,
      owner: random.uuid(),
      fencingToken: (stored?.record.fencingToken ?? 0) + 1,
      leaseUntilMs: nowMs,
      leaseMs: stored?.record.leaseMs ?? 0,
      updatedAtMs: nowMs,
      ...(fingerprint === undefined ? {} : { fingerprint }),
    };
    if ((await store.put(key, record, stored?.revision)) !== undefined) return record;
  }
  throw new EngramkitError(`The record of ${shown(key)} kept changing; it was not written.`, {
    code: 'IDEMPOTENCY_STORE_CONTENDED',
    retry: 'safe',
    details: { key },
    hint: 'Try again when the other owners are done.',
  });
}
