import { join, resolve } from 'node:path';
import { EngramkitError, type Random, systemRandom } from '@engramkit/core';
import { type FileSteps, machineFileSteps, makeDirectories } from './durable-files.js';
import { sha256Hex } from './hash.js';
import { parseRecordText, recordText } from './idempotency-record-text.js';
import type { IdempotencyRecord, IdempotencyStore, StoredRecord } from './idempotency-store.js';

/** A store in a directory, and a way to look through it. */
export interface FileIdempotencyStore extends IdempotencyStore {
  get(key: string): Promise<StoredRecord | undefined>;
  put(
    key: string,
    record: IdempotencyRecord,
    expected: string | number | undefined,
  ): Promise<number | undefined>;
  /** Every key with its record, in no particular order. */
  list(): AsyncIterableIterator<readonly [key: string, record: IdempotencyRecord]>;
}

/** Options of {@link fileIdempotencyStore}. */
export interface FileIdempotencyStoreOptions {
  readonly random?: Random | undefined;
}

/** Revisions that stay: whoever lists the directory meanwhile always finds one. */
const REVISIONS_KEPT = 8;
const REVISION_DIGITS = 12;
const REVISION_FILE = /^([0-9]{12})\.json$/;
const READ_TRIES = 16;

/**
 * Keeps records as files: durable, and safe for many processes on one machine at once.
 *
 * Each key has a directory, each revision a file in it. A write puts the record into a temporary file, forces it onto the disk
 * and links it to the next revision's name: exactly one writer can create that name, so there are no locks to be left behind
 * and no half-written records, whenever a process dies. Needs a local file system with hard links; not NFS.
 */
export function fileIdempotencyStore(
  directory: string,
  options: FileIdempotencyStoreOptions = {},
): FileIdempotencyStore {
  return fileStoreOn(machineFileSteps, directory, options);
}

/** {@link fileIdempotencyStore} on given steps, so that tests can stop at each. */
export function fileStoreOn(
  steps: FileSteps,
  directory: string,
  options: FileIdempotencyStoreOptions = {},
): FileIdempotencyStore {
  const { random = systemRandom } = options;
  const root = resolve(directory);
  const temporary = join(root, 'tmp');
  const keys = join(root, 'keys');
  const placeOf = (key: string): string => {
    const name = sha256Hex(key);
    return join(keys, name.slice(0, 2), name);
  };

  async function latest(
    place: string,
  ): Promise<(StoredRecord & { readonly key: string }) | undefined> {
    for (let attempt = 0; attempt < READ_TRIES; attempt++) {
      const revision = highest(await steps.list(place));
      if (revision === 0) return undefined;
      const file = join(place, fileName(revision));
      const text = await steps.read(file);
      // Missing by now: newer revisions have replaced it.
      if (text !== undefined) return { ...parseRecordText(text, file), revision };
    }
    throw contended(place);
  }

  async function put(
    key: string,
    record: IdempotencyRecord,
    expected: string | number | undefined,
  ): Promise<number | undefined> {
    const place = placeOf(key);
    const revisions = revisionsIn(await steps.list(place));
    const current = revisions.at(-1) ?? 0;
    if (current !== (expected ?? 0)) return undefined;
    await makeDirectories(steps, temporary);
    await makeDirectories(steps, place);
    const draft = join(temporary, random.uuid());
    const next = current + 1;
    const name = join(place, fileName(next));
    try {
      await steps.writeNew(draft, recordText(key, record));
      if (!(await steps.link(draft, name))) return undefined;
      // Somebody so slow that the name was used and cleared away before must not have won.
      if (highest(await steps.list(place)) > next) {
        await steps.remove(name);
        return undefined;
      }
      await steps.syncDirectory(place);
    } finally {
      await steps.remove(draft);
    }
    for (const old of revisions) {
      if (old <= next - REVISIONS_KEPT) await steps.remove(join(place, fileName(old)));
    }
    return next;
  }

  return {
    async get(key) {
      const found = await latest(placeOf(key));
      return found === undefined ? undefined : { record: found.record, revision: found.revision };
    },
    put: (key, record, expected) => explainLinks(root, put(key, record, expected)),
    async *list() {
      for (const group of (await steps.list(keys)) ?? []) {
        for (const name of (await steps.list(join(keys, group))) ?? []) {
          const found = await latest(join(keys, group, name));
          if (found !== undefined) yield [found.key, found.record] as const;
        }
      }
    },
  };
}

function fileName(revision: number): string {
  return `${String(revision).padStart(REVISION_DIGITS, '0')}.json`;
}

function revisionsIn(names: readonly string[] | undefined): number[] {
  return (names ?? [])
    .flatMap((name) => REVISION_FILE.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((left, right) => left - right);
}

function highest(names: readonly string[] | undefined): number {
  return revisionsIn(names).at(-1) ?? 0;
}

async function explainLinks<Value>(root: string, writing: Promise<Value>): Promise<Value> {
  try {
    return await writing;
  } catch (error) {
    const code: unknown = (error as { readonly code?: unknown } | null)?.code;
    const isLink = (error as { readonly syscall?: unknown } | null)?.syscall === 'link';
    if (!isLink || !['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(String(code)))
      throw error;
    throw new EngramkitError(`The file system of ${root} has no hard links.`, {
      code: 'IDEMPOTENCY_STORE_UNSUPPORTED',
      details: { directory: root },
      hint: 'Put the directory on a local file system such as ext4, xfs, APFS or NTFS.',
      cause: error,
    });
  }
}

function contended(place: string): EngramkitError {
  return new EngramkitError(`The record in ${place} kept changing while it was read.`, {
    code: 'IDEMPOTENCY_STORE_CONTENDED',
    retry: 'safe',
    details: { place },
    hint: 'Try again.',
  });
}
