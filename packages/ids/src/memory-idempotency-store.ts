import type { IdempotencyRecord, IdempotencyStore, StoredRecord } from './idempotency-store.js';

/** A store that lives as long as the process, and can be looked through. */
export interface MemoryIdempotencyStore extends IdempotencyStore {
  get(key: string): StoredRecord | undefined;
  put(
    key: string,
    record: IdempotencyRecord,
    expected: string | number | undefined,
  ): number | undefined;
  /** Every key with its record, in order of first use. */
  list(): IterableIterator<readonly [key: string, record: IdempotencyRecord]>;
}

/** How many records there are before the first search for some that are no longer kept. */
const FIRST_SWEEP = 1024;

/** Keeps records in memory: for tests, and for effects that need not outlive the process. */
export function memoryIdempotencyStore(): MemoryIdempotencyStore {
  const records = new Map<string, StoredRecord>();
  const watchers = new Map<string, Set<() => void>>();
  let revisions = 0;
  let sweepAt = FIRST_SWEEP;

  /** Lets go of what is no longer kept, whenever the number of records has doubled. */
  const sweep = (nowMs: number): void => {
    for (const [key, { record }] of records) {
      if (record.keepUntilMs !== undefined && record.keepUntilMs <= nowMs) records.delete(key);
    }
    sweepAt = Math.max(FIRST_SWEEP, records.size * 2);
  };

  return {
    get: (key) => records.get(key),
    put(key, record, expected) {
      if (records.get(key)?.revision !== expected) return undefined;
      revisions += 1;
      records.set(key, { record, revision: revisions });
      if (records.size >= sweepAt) sweep(record.updatedAtMs);
      const waiting = watchers.get(key);
      if (waiting !== undefined) for (const notify of [...waiting]) notify();
      return revisions;
    },
    watch(key, onChange) {
      const waiting = watchers.get(key) ?? new Set();
      watchers.set(key, waiting.add(onChange));
      return () => {
        waiting.delete(onChange);
        if (waiting.size === 0) watchers.delete(key);
      };
    },
    *list() {
      for (const [key, { record }] of records) yield [key, record] as const;
    },
  };
}
