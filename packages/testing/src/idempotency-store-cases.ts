import { isDeepStrictEqual } from 'node:util';
import type { IdempotencyRecord, IdempotencyStore } from '@engramkit/ids';
import { ConformanceError } from './conformance-error.js';

/** How many owners race in the cases about concurrency. */
export const RACERS = 8;
const STEPS_EACH = 10;

/** What a case works with: any number of handles on one storage that is new. */
export interface Bench {
  readonly open: () => Promise<IdempotencyStore>;
  readonly advance: (stepMs: number) => Promise<void>;
}

export async function readsAbsent({ open }: Bench): Promise<void> {
  const store = await open();
  demand((await store.get('absent')) === undefined, 'get() of an absent key must yield undefined');
}

export async function createsOnce({ open }: Bench): Promise<void> {
  const store = await open();
  demand(
    (await store.put('k', record(1), 'r1')) === undefined,
    'put() under a revision must not create',
  );
  const created = await store.put('k', record(1), undefined);
  demand(created !== undefined, 'put() without a revision must create where there is no record');
  demand(
    (await store.put('k', record(2), undefined)) === undefined,
    'put() without a revision must not replace',
  );
  const stored = await store.get('k');
  demand(stored?.record.fencingToken === 1, 'a refused put() must leave the record as it was');
  demand(stored?.revision === created, 'get() must yield the revision that put() returned');
}

export async function replacesLatest({ open }: Bench): Promise<void> {
  const store = await open();
  const revisions = [await store.put('k', record(1), undefined)];
  for (let step = 2; step <= 12; step++) {
    // The same record again: only the revision tells old from new.
    const next = await store.put('k', record(1), revisions.at(-1));
    demand(next !== undefined, 'put() under the latest revision must succeed');
    demand(!revisions.includes(next), 'every write must make a new revision');
    for (const stale of revisions) {
      demand(
        (await store.put('k', record(99), stale)) === undefined,
        'put() under an old revision must be refused',
      );
    }
    revisions.push(next);
  }
  demand((await store.get('k'))?.record.fencingToken === 1, 'refused writes must change nothing');
}

export async function keepsRecords({ open }: Bench): Promise<void> {
  const store = await open();
  const records: readonly IdempotencyRecord[] = [
    record(1),
    { ...record(2), status: 'claimed', fingerprint: 'sha256:…' },
    {
      ...record(3),
      status: 'completed',
      resultJson: '{"text":"né 😀 \\u0000","list":[1,null]}',
      keepUntilMs: 2 ** 45,
    },
    { ...record(4), status: 'completed', resultJson: JSON.stringify('x'.repeat(100_000)) },
    {
      ...record(Number.MAX_SAFE_INTEGER),
      status: 'failed',
      error: {
        name: 'EngramkitError',
        code: 'DECLINED',
        message: 'no "money"\n',
        retry: 'never',
        details: { n: 1 },
      },
    },
    { ...record(5), status: 'released' },
    { ...record(6), status: 'unknown' },
  ];
  let revision: string | number | undefined;
  for (const written of records) {
    revision = await store.put('k', written, revision);
    const read = (await store.get('k'))?.record;
    demand(
      isDeepStrictEqual(read, written),
      `the record of status ${written.status} must come back as it was written`,
    );
  }
}

export async function keepsKeysApart({ open }: Bench): Promise<void> {
  const store = await open();
  const keys = [
    'k',
    'K',
    'k ',
    ' k',
    'k/',
    'k/../k',
    '..',
    '__proto__',
    'é',
    'e\u0301',
    '😀',
    'k\u0000',
    'k\n',
    '%6b',
    '*',
    'x'.repeat(1024),
    'x'.repeat(1023),
  ];
  for (const [index, key] of keys.entries()) {
    demand(
      (await store.put(key, record(index + 1), undefined)) !== undefined,
      `the key ${JSON.stringify(key.slice(0, 20))} must not be taken for another`,
    );
  }
  for (const [index, key] of keys.entries()) {
    demand(
      (await store.get(key))?.record.fencingToken === index + 1,
      `the key ${JSON.stringify(key.slice(0, 20))} must keep its record`,
    );
  }
}

export async function sharesRecords({ open }: Bench): Promise<void> {
  const [one, other] = [await open(), await open()];
  const first = await one.put('k', record(1), undefined);
  const seen = await other.get('k');
  demand(
    seen?.record.fencingToken === 1 && seen.revision === first,
    'a second handle must read what the first wrote',
  );
  demand(
    (await other.put('k', record(2), first)) !== undefined,
    'a second handle must be able to replace it',
  );
  demand(
    (await one.put('k', record(3), first)) === undefined,
    'the first handle must then be refused',
  );
  demand(
    (await one.get('k'))?.record.fencingToken === 2,
    'the first handle must read what the second wrote',
  );
}

export async function racesToCreate({ open }: Bench): Promise<void> {
  const stores = await Promise.all(Array.from({ length: RACERS }, open));
  for (let round = 0; round < 5; round++) {
    const key = `race-${round}`;
    const answers = await Promise.all(
      stores.map(async (store, index) => store.put(key, record(index + 1), undefined)),
    );
    const winners = answers.flatMap((answer, index) => (answer === undefined ? [] : [index + 1]));
    demand(
      winners.length === 1,
      `exactly one of ${RACERS} must create the record, not ${winners.length}`,
    );
    demand(
      (await stores[0]!.get(key))?.record.fencingToken === winners[0],
      'the record must be the one of the winner',
    );
  }
}

export async function racesToCount({ open }: Bench): Promise<void> {
  const stores = await Promise.all(Array.from({ length: RACERS }, open));
  const count = async (store: IdempotencyStore): Promise<void> => {
    for (let step = 0; step < STEPS_EACH; ) {
      const stored = await store.get('k');
      const next = record((stored?.record.fencingToken ?? 0) + 1);
      if ((await store.put('k', next, stored?.revision)) !== undefined) step += 1;
    }
  };
  await Promise.all(stores.map(count));
  const total = (await stores[0]!.get('k'))?.record.fencingToken;
  demand(
    total === RACERS * STEPS_EACH,
    `${RACERS * STEPS_EACH} steps must be counted, not ${total}`,
  );
}

export async function watches({ open }: Bench): Promise<void> {
  const [watcher, writer] = [await open(), await open()];
  if (watcher.watch === undefined) return;
  let calls = 0;
  const heard = new Promise<void>((resolve) => {
    const stop = watcher.watch?.('k', () => {
      calls += 1;
      stop?.();
      resolve();
    });
  });
  // Its own handle must hear at least its own writes; those of others reach it if the storage can tell.
  const revision = await writer.put('k', record(1), undefined);
  await watcher.put('k', record(2), revision);
  await heard;
  const callsBefore = calls;
  const latest = await watcher.get('k');
  await watcher.put('k', record(3), latest?.revision);
  demand(calls === callsBefore, 'a watcher that stopped must not be called again');
}

function record(fencingToken: number): IdempotencyRecord {
  return {
    status: 'started',
    owner: 'owner',
    fencingToken,
    leaseUntilMs: 1_000,
    leaseMs: 500,
    updatedAtMs: 500,
  };
}

/** Refuses a store that does not keep its promise. */
export function demand(isKept: boolean, promise: string): asserts isKept {
  if (!isKept) throw new ConformanceError(`the store breaks its contract: ${promise}`);
}
