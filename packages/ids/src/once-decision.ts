import type { IdempotencyRecord, StoredRecord } from './idempotency-store.js';

/** What a caller should do about a key, as far as the record tells. */
export type OnceDecision =
  /** Nobody holds it: claim it, as a takeover when somebody left it behind. */
  | 'claim'
  /** Its result is there. */
  | 'replay'
  /** Its error is there. */
  | 'rethrow'
  /** Somebody is at work. */
  | 'wait'
  /** Somebody began and was never heard of again: say so in the record. */
  | 'mark-unknown'
  /** The record says so already. */
  | 'unknown';

/** What the decision depends on besides the record. */
export interface OnceRules {
  readonly nowMs: number;
  /** How far clocks of owners may be apart, milliseconds. */
  readonly clockSkewMs: number;
  /** Whether an effect that may have happened is carried out again. */
  readonly repeatUnknown: boolean;
}

/** The one place that decides who may act on a key. */
export function decideOnce(stored: StoredRecord | undefined, rules: OnceRules): OnceDecision {
  if (stored === undefined) return 'claim';
  const { record } = stored;
  switch (record.status) {
    case 'completed':
      return isKept(record, rules.nowMs) ? 'replay' : 'claim';
    case 'failed':
      return isKept(record, rules.nowMs) ? 'rethrow' : 'claim';
    case 'released':
      return 'claim';
    case 'unknown':
      return rules.repeatUnknown ? 'claim' : 'unknown';
    case 'claimed':
      return isLeaseOver(record, rules) ? 'claim' : 'wait';
    case 'started':
      if (!isLeaseOver(record, rules)) return 'wait';
      return rules.repeatUnknown ? 'claim' : 'mark-unknown';
  }
}

/** Whether the lease is over on every clock that may count. */
export function isLeaseOver(
  record: IdempotencyRecord,
  { nowMs, clockSkewMs }: Pick<OnceRules, 'nowMs' | 'clockSkewMs'>,
): boolean {
  return record.leaseUntilMs + clockSkewMs <= nowMs;
}

function isKept(record: IdempotencyRecord, nowMs: number): boolean {
  return record.keepUntilMs === undefined || record.keepUntilMs > nowMs;
}
