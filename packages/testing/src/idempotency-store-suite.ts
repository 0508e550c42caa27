import { EngramkitError, systemRandom } from '@engramkit/core';
import { type IdempotencyStore, once, resolveUnknown } from '@engramkit/ids';
import {
  type Bench,
  createsOnce,
  demand,
  keepsKeysApart,
  keepsRecords,
  RACERS,
  racesToCount,
  racesToCreate,
  readsAbsent,
  replacesLatest,
  sharesRecords,
  watches,
} from './idempotency-store-cases.js';
import { type ManualClock, manualClock } from './manual-clock.js';

/** Options of {@link idempotencyStoreSuite}. */
export interface IdempotencyStoreSuiteOptions {
  /**
   * Opens a handle on a storage. Handles of one name share their records, as processes would; names are new for every case.
   */
  readonly open: (storage: string) => IdempotencyStore | Promise<IdempotencyStore>;
  /** Gives a handle back; called for every handle at the end of its case. */
  readonly close?: (store: IdempotencyStore) => void | Promise<void>;
  /** Lets time pass for stores that have a clock of their own, such as one with expiring keys; in milliseconds. */
  readonly advance?: (stepMs: number) => void | Promise<void>;
}

/** One promise of the contract, for any test runner. */
export interface SuiteCase {
  /** The promise in words. */
  readonly name: string;
  /** Resolves when the store keeps it; rejects with a `ConformanceError` that says what it did instead. */
  run(): Promise<void>;
}

const LEASE_MS = 60_000;

/**
 * The conformance test of an idempotency store: `for (const { name, run } of idempotencyStoreSuite({ open })) test(name, run)`.
 *
 * It demands the contract of `IdempotencyStore`: writes that succeed only on what was read, for any number of handles at once,
 * records and keys that come back as they were, and `once` on top of it with replay, fencing and doubt.
 */
export function idempotencyStoreSuite(options: IdempotencyStoreSuiteOptions): readonly SuiteCase[] {
  return CASES.map(([name, check]) => ({
    name,
    async run() {
      const storage = systemRandom.uuid();
      const opened: IdempotencyStore[] = [];
      const open = async (): Promise<IdempotencyStore> => {
        const store = await options.open(storage);
        opened.push(store);
        return store;
      };
      try {
        await check({ open, advance: async (stepMs) => options.advance?.(stepMs) });
      } finally {
        for (const store of opened) await options.close?.(store);
      }
    },
  }));
}

const CASES: readonly (readonly [name: string, check: (bench: Bench) => Promise<void>])[] = [
  ['a key without a record reads as undefined', readsAbsent],
  ['a record is created only where there is none', createsOnce],
  ['a record is replaced only under its latest revision', replacesLatest],
  ['records come back as they were written', keepsRecords],
  ['keys are told apart, whatever they are made of', keepsKeysApart],
  ['what one handle writes, every other reads', sharesRecords],
  ['of many that create at once, exactly one succeeds', racesToCreate],
  ['of many that count at once, no step is lost', racesToCount],
  ['a watcher hears of writes, until it stops', watches],
  ['an effect runs once for all handles, and its result is replayed', runsOnce],
  ['an effect whose owner is gone is in doubt until it is resolved', leavesDoubt],
  ['an owner that comes back late is fenced off', fencesOff],
];

async function runsOnce({ open }: Bench): Promise<void> {
  const stores = await Promise.all(Array.from({ length: RACERS }, open));
  let runs = 0;
  const results = await Promise.all(
    stores.map((store) =>
      once('effect', async () => ({ run: ++runs }), { store, leaseMs: LEASE_MS, pollMs: 5 }),
    ),
  );
  demand(runs === 1, `the effect must run once, not ${runs} times`);
  demand(
    results.every((result) => result.run === 1),
    'every caller must get the recorded result',
  );
  const late = await once('effect', () => ({ run: -1 }), {
    store: await open(),
    leaseMs: LEASE_MS,
  });
  demand(late.run === 1, 'a later handle must get the recorded result');
}

/** Claims a key and is never heard of again; returns how to be heard of after all. */
async function goAway(
  store: IdempotencyStore,
  clock: ManualClock,
): Promise<(value: string) => Promise<string>> {
  let report: (value: string) => void = () => {};
  let begun: () => void = () => {};
  const running = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const outcome = once(
    'effect',
    () => {
      begun();
      return new Promise<string>((resolve) => {
        report = resolve;
      });
    },
    { store, leaseMs: LEASE_MS, clock },
  );
  outcome.catch(() => {}); // Whoever calls the returned function sees it.
  await running;
  return (value) => {
    report(value);
    return outcome;
  };
}

async function leavesDoubt({ open, advance }: Bench): Promise<void> {
  await goAway(await open(), manualClock());
  const store = await open();
  const later = manualClock({ nowMs: LEASE_MS * 2 });
  await advance(LEASE_MS * 2);
  const options = { store, leaseMs: LEASE_MS, clock: later };
  const code = await codeOf(once('effect', () => 'again', options));
  demand(code === 'EFFECT_UNKNOWN', `an effect whose owner is gone must be in doubt, not ${code}`);
  await resolveUnknown(
    store,
    'effect',
    { happened: true, result: 'looked it up' },
    { clock: later },
  );
  demand(
    (await once<string>('effect', () => 'again', options)) === 'looked it up',
    'the resolution must be replayed',
  );
}

async function fencesOff({ open, advance }: Bench): Promise<void> {
  const comeBack = await goAway(await open(), manualClock());
  const store = await open();
  const later = manualClock({ nowMs: LEASE_MS * 2 });
  await advance(LEASE_MS * 2);
  const taken = await once('effect', ({ fencingToken }) => fencingToken, {
    store,
    leaseMs: LEASE_MS,
    clock: later,
    unknown: 'repeat',
  });
  demand(taken === 2, `the second owner must have the fencing token 2, not ${taken}`);
  const code = await codeOf(comeBack('late'));
  demand(
    code === 'EFFECT_LEASE_LOST',
    `the late owner must be refused with EFFECT_LEASE_LOST, not ${code}`,
  );
  const replayed = await once<number>('effect', () => 0, {
    store: await open(),
    leaseMs: LEASE_MS,
  });
  demand(replayed === 2, 'the result of the second owner must stay');
}

async function codeOf(outcome: Promise<unknown>): Promise<string> {
  try {
    return `success with ${JSON.stringify(await outcome)}`;
  } catch (error) {
    return EngramkitError.from(error).code;
  }
}
