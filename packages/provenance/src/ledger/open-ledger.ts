import {
  type Clock,
  InvalidInputError,
  type JsonObject,
  type Random,
  systemClock,
  systemRandom,
} from '@engramkit/core';
import { LedgerDamagedError, SessionClosedError } from '../errors.js';
import { type FileSystem, nodeFileSystem } from '../file-system.js';
import { GENESIS_HASH, hashEntry, parseEntryLine } from './entry.js';
import { Ledger } from './ledger.js';
import type { LedgerWriting } from './ledger-start.js';
import { MerkleTree } from './merkle.js';
import { type LedgerSigner, readBody } from './seal.js';
import {
  checkLedgerName,
  listSegments,
  readFirstLine,
  type Segment,
  segmentPath,
} from './segment.js';
import type { SyncPolicy } from './segment-writer.js';
import { type LedgerTail, readTail } from './tail.js';
import { nodeProcessTable, type ProcessTable } from './writer-identity.js';
import { DEFAULT_LEASE_MS, WriterLock } from './writer-lock.js';

/** Options of {@link openLedger}. */
export interface OpenLedgerOptions {
  /** The folder of the ledger's files; made if it is missing. */
  readonly directory: string;
  /** 1 to 64 letters, digits, `_`, `-`. */
  readonly name: string;
  /** `create` refuses an existing ledger, `continue` a missing one; default `either`. */
  readonly mode?: 'create' | 'continue' | 'either';
  /** Further members of the first entry of a new ledger. */
  readonly header?: JsonObject;
  /** Default `group`. */
  readonly sync?: SyncPolicy;
  /** For `interval`: the longest time until a sync, in milliseconds; default 50. */
  readonly syncIntervalMs?: number;
  /** A new file is begun when one has this many bytes; default 64 MiB. */
  readonly maxSegmentBytes?: number;
  /** A checkpoint follows that many entries; 0 leaves only those at rotation and close. Default 256. */
  readonly checkpointEvery?: number;
  /** Signs checkpoints and the close entry. */
  readonly signer?: LedgerSigner;
  /** The most bytes that may wait to be written; default 64 MiB. */
  readonly maxQueuedBytes?: number;
  /** How long to wait for another writer, in milliseconds; default 0. */
  readonly waitMs?: number;
  /** How long a writer on another machine counts as alive without a sign, in milliseconds; default 30,000. */
  readonly leaseMs?: number;
  /** Continues a ledger that ends in a close entry; default false. */
  readonly reopen?: boolean;
  /** Cuts at the last intact entry even when no crash explains the damage; what is cut is kept beside the file. */
  readonly salvage?: boolean;
  readonly signal?: AbortSignal;
  readonly files?: FileSystem;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly processes?: ProcessTable;
}

/** The newest entry format that this package writes and reads. */
const FORMAT = 'provchain/entry/v1';

/**
 * Opens a ledger for appending: takes the writer's lock, puts a torn tail aside, and continues the chain.
 *
 * Rejects with {@link LedgerLockedError} while another writer lives, with `LEDGER_CLOSED` for a sealed ledger, with
 * {@link LedgerDamagedError} when its end is damaged. Source: provenance sections 8.3, 8.4, 8.8.
 */
export async function openLedger(options: OpenLedgerOptions): Promise<Ledger> {
  const settings = settle(options);
  const { files, directory, name } = settings.writing;
  checkLedgerName(name); // Before anything is made.
  await files.makeDirectory(directory);
  const lock = await WriterLock.acquire({
    files,
    directory,
    name,
    clock: settings.writing.clock,
    random: settings.random,
    processes: settings.processes,
    leaseMs: settings.writing.leaseMs,
    waitMs: options.waitMs ?? 0,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    return await openLocked(options, settings, lock);
  } catch (error) {
    await lock.release({ forget: false });
    throw error;
  }
}

interface Settings {
  readonly writing: LedgerWriting;
  readonly random: Random;
  readonly processes: ProcessTable;
}

function settle(options: OpenLedgerOptions): Settings {
  return {
    writing: {
      files: options.files ?? nodeFileSystem,
      clock: options.clock ?? systemClock,
      directory: options.directory,
      name: options.name,
      sync: options.sync ?? 'group',
      syncIntervalMs: options.syncIntervalMs ?? 50,
      maxQueuedBytes: options.maxQueuedBytes ?? 64 << 20,
      leaseMs: options.leaseMs ?? DEFAULT_LEASE_MS,
      checkpointEvery: options.checkpointEvery ?? 256,
      maxSegmentBytes: options.maxSegmentBytes ?? 64 << 20,
      signer: options.signer,
    },
    random: options.random ?? systemRandom,
    processes: options.processes ?? nodeProcessTable,
  };
}

async function openLocked(
  options: OpenLedgerOptions,
  settings: Settings,
  lock: WriterLock,
): Promise<Ledger> {
  const tail = await settleTail(settings.writing, options.salvage ?? false);
  const mode = options.mode ?? 'either';
  if (tail?.tail.last === undefined) {
    if (mode === 'continue') throw missing(settings.writing);
    return create(options, settings, lock, tail?.tornBytes ?? 0);
  }
  if (mode === 'create') throw taken(settings.writing);
  return resume(options, settings, lock, tail);
}

interface SettledTail {
  readonly tail: LedgerTail;
  readonly tornBytes: number;
  readonly keptIn: string;
}

/** Cuts what a crash left behind the last intact entry, and drops a last file that never got an entry. */
async function settleTail(
  writing: LedgerWriting,
  salvage: boolean,
): Promise<SettledTail | undefined> {
  const { files, directory, name } = writing;
  let tornBytes = 0;
  let keptIn = '';
  for (;;) {
    const segment = (await listSegments(files, directory, name)).at(-1);
    if (segment === undefined) return undefined;
    const tail = await readTail(files, segment, { salvage });
    if (tail.tornBytes > 0) {
      keptIn = await putAside(files, tail);
      tornBytes += tail.tornBytes;
    }
    if (tail.last !== undefined || segment.number === 1) return { tail, tornBytes, keptIn };
    await files.remove(segment.path);
    await files.syncDirectory(directory);
  }
}

/** Keeps the bytes after the last intact entry in a file of their own, then cuts them off. */
async function putAside(files: FileSystem, tail: LedgerTail): Promise<string> {
  const content = await files.readFile(tail.segment.path);
  const rest = Buffer.from(content ?? new Uint8Array()).subarray(tail.goodBytes);
  let keptIn = '';
  for (let number = 1; ; number += 1) {
    keptIn = `${tail.segment.path}.torn-${number}`;
    if ((await files.stat(keptIn)) === undefined) break;
  }
  const aside = await files.openForAppending(keptIn, { create: true });
  try {
    let done = 0;
    while (done < rest.length) done += await aside.write(rest.subarray(done));
    await aside.datasync();
  } finally {
    await aside.close();
  }
  const file = await files.openForAppending(tail.segment.path, { create: false });
  try {
    await file.truncate(tail.goodBytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  return keptIn;
}

async function create(
  options: OpenLedgerOptions,
  settings: Settings,
  lock: WriterLock,
  tornBytes: number,
): Promise<Ledger> {
  const { files, directory, name, sync } = settings.writing;
  const path = segmentPath(directory, name, 1);
  if ((await files.stat(path)) !== undefined) await files.remove(path); // Left by a crash; it never had an entry.
  const file = await files.openForAppending(path, { create: true });
  if (sync !== 'none') await files.syncDirectory(directory);
  const id = settings.random.uuid();
  const ledger = new Ledger(settings.writing, {
    id,
    file,
    segment: 1,
    segmentBytes: 0,
    tree: MerkleTree.empty(),
    head: GENESIS_HASH,
    sinceCheckpoint: 0,
    lock,
    recovered: undefined,
  });
  const writer = settings.processes.self();
  const header = {
    ...options.header,
    format: FORMAT,
    ledger: id,
    name,
    writer: { pid: writer.pid, host: writer.host },
    ...(tornBytes === 0 ? {} : { torn_bytes: tornBytes }),
  };
  return opened(ledger, () => ledger.begin(header));
}

async function resume(
  options: OpenLedgerOptions,
  settings: Settings,
  lock: WriterLock,
  settled: SettledTail,
): Promise<Ledger> {
  const { files, directory, name } = settings.writing;
  const { tail } = settled;
  const { last } = tail;
  if (last === undefined) throw missing(settings.writing);
  if (last.kind === 'close' && options.reopen !== true) {
    throw new SessionClosedError(`ledger "${name}" is sealed by its close entry`, {
      code: 'LEDGER_CLOSED',
      hint: 'Begin a new one, or pass reopen to continue it; the seal stays in the chain.',
    });
  }
  const first =
    tail.segment.number === 1 ? tail.segment : (await listSegments(files, directory, name))[0];
  const id = first === undefined ? undefined : await readLedgerId(files, first);
  if (id === undefined) {
    throw new LedgerDamagedError(`ledger "${name}" has no readable first entry`, {
      details: { ledger: name },
    });
  }
  const file = await files.openForAppending(tail.segment.path, { create: false });
  const ledger = new Ledger(settings.writing, {
    id,
    file,
    segment: tail.segment.number,
    segmentBytes: tail.goodBytes,
    tree: tail.tree,
    head: last.hash,
    sinceCheckpoint: tail.sinceCheckpoint,
    lock,
    recovered:
      settled.tornBytes === 0
        ? undefined
        : { tornBytes: settled.tornBytes, keptIn: settled.keptIn },
  });
  return opened(ledger, async () => {
    if (last.kind === 'close') await ledger.append({ reopened: true }, { kind: 'note' });
    if (settled.tornBytes === 0) return;
    await ledger.append({ recovered: true, torn_bytes: settled.tornBytes }, { kind: 'note' });
  });
}

/** Writes the first words; when they cannot be written, nothing stays open. */
async function opened(ledger: Ledger, begin: () => Promise<unknown>): Promise<Ledger> {
  try {
    await begin();
    return ledger;
  } catch (error) {
    await ledger.release();
    throw error;
  }
}

/** The identity in a ledger's first entry; undefined when it cannot be read. */
export async function readLedgerId(files: FileSystem, first: Segment): Promise<string | undefined> {
  const line = await readFirstLine(files, first);
  const entry = parseEntryLine(line?.toString('utf8') ?? '');
  if (entry?.kind !== 'open' || hashEntry(entry) !== entry.hash) return undefined;
  const id = readBody(entry.bodyText)?.ledger;
  return typeof id === 'string' ? id : undefined;
}

function missing(writing: LedgerWriting): InvalidInputError {
  return new InvalidInputError(`there is no ledger "${writing.name}" in ${writing.directory}`, {
    code: 'LEDGER_MISSING',
    hint: 'Check the directory and the name.',
  });
}

function taken(writing: LedgerWriting): InvalidInputError {
  return new InvalidInputError(`ledger "${writing.name}" exists in ${writing.directory}`, {
    code: 'LEDGER_EXISTS',
    hint: 'Choose another name, or open it to continue.',
  });
}
