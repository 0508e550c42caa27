import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Random, systemRandom } from '@engramkit/core';

/** Where sealed sessions and snapshots are kept. Keys are `session/<id>` and `snapshot/<id>`. */
export interface SnapshotStore {
  /** Resolves when the bytes are kept, whole. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  remove(key: string): Promise<boolean>;
  /** Every key that begins so, sorted. */
  keys(prefix: string): Promise<readonly string[]>;
}

/** Keeps them as long as the process lives. */
export function memorySnapshotStore(): SnapshotStore {
  const kept = new Map<string, Uint8Array>();
  return {
    put: async (key, bytes) => {
      kept.set(key, bytes);
    },
    get: async (key) => kept.get(key),
    remove: async (key) => kept.delete(key),
    keys: async (prefix) => [...kept.keys()].filter((key) => key.startsWith(prefix)).sort(),
  };
}

/** Keeps them as files in a directory, for runs that outlive their process; every write replaces its file at once. */
export function fileSnapshotStore(directory: string, random: Random = systemRandom): SnapshotStore {
  const pathOf = (key: string): string => join(directory, `${key.replace('/', '.')}.cellshot`);
  return {
    async put(key, bytes) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const draft = `${pathOf(key)}.${random.uuid()}`;
      await writeFile(draft, bytes, { flush: true, mode: 0o600 });
      await rename(draft, pathOf(key));
    },
    get: (key) => readFile(pathOf(key)).catch(absent),
    async remove(key) {
      const there = await readFile(pathOf(key)).catch(absent);
      await rm(pathOf(key), { force: true });
      return there !== undefined;
    },
    async keys(prefix) {
      const names = (await readdir(directory).catch(absent)) ?? [];
      const keys = names.filter((name) => name.endsWith('.cellshot'));
      return keys
        .map((name) => name.slice(0, -'.cellshot'.length).replace('.', '/'))
        .filter((key) => key.startsWith(prefix))
        .sort();
    },
  };
}

function absent(error: { readonly code?: unknown }): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
