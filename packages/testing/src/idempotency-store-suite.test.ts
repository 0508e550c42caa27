import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  fileIdempotencyStore,
  type IdempotencyStore,
  type MemoryIdempotencyStore,
  memoryIdempotencyStore,
} from '@engramkit/ids';
import { afterAll, describe, expect, it } from 'vitest';
import { ConformanceError, idempotencyStoreSuite } from './index.js';

const memories = new Map<string, MemoryIdempotencyStore>();
function memoryOf(storage: string): MemoryIdempotencyStore {
  const store = memories.get(storage) ?? memoryIdempotencyStore();
  memories.set(storage, store);
  return store;
}

describe('the memory store', () => {
  for (const { name, run } of idempotencyStoreSuite({ open: memoryOf })) it(name, run);
});

describe('the file store', () => {
  const root = mkdtempSync(join(tmpdir(), 'engramkit-suite-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const open = (storage: string) => fileIdempotencyStore(join(root, storage));
  for (const { name, run } of idempotencyStoreSuite({ open })) it(name, run);
});

describe('a store that breaks a promise is told which', () => {
  const broken =
    (change: (store: MemoryIdempotencyStore) => Partial<IdempotencyStore>) => (storage: string) => {
      const store = memoryOf(storage);
      return { get: store.get.bind(store), put: store.put.bind(store), ...change(store) };
    };
  it.each([
    [
      'ignores revisions',
      broken((store) => ({
        put: async (key, record) => store.put(key, record, (await store.get(key))?.revision),
      })),
      'a record is created only where there is none',
    ],
    [
      'forgets members',
      broken((store) => ({
        put: (key, { keepUntilMs: _, ...record }, expected) => store.put(key, record, expected),
      })),
      'records come back as they were written',
    ],
    [
      'folds keys',
      broken((store) => ({
        get: (key) => store.get(key.toLowerCase()),
        put: (key, record, expected) => store.put(key.toLowerCase(), record, expected),
      })),
      'keys are told apart, whatever they are made of',
    ],
    [
      'checks and then writes',
      broken((store) => ({
        async put(key, record, expected) {
          const current = await store.get(key);
          if (current?.revision !== expected) return undefined;
          return store.put(key, record, store.get(key)?.revision);
        },
      })),
      'of many that create at once, exactly one succeeds',
    ],
    [
      'has handles of its own each',
      () => memoryIdempotencyStore(),
      'what one handle writes, every other reads',
    ],
  ])('%s', async (_, open, promise) => {
    const failed: string[] = [];
    for (const { name, run } of idempotencyStoreSuite({ open })) {
      const isSlowWhenBroken = /an effect|an owner|count|watcher/.test(name);
      if (isSlowWhenBroken) continue;
      await run().catch((error: unknown) => {
        expect(error).toBeInstanceOf(ConformanceError);
        failed.push(name);
      });
    }
    expect(failed).toContain(promise);
  });
});
