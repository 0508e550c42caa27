import { join } from 'node:path';
import { type Clock, parseJson, type Random, sleep } from '@engramkit/core';
import { LedgerLockedError } from '../errors.js';
import type { FileSystem } from '../file-system.js';
import type { ProcessTable, WriterIdentity } from './writer-identity.js';

/** How long a writer that cannot be looked up counts as alive without a sign, in milliseconds. Source: provenance section 8.8. */
export const DEFAULT_LEASE_MS = 30_000;

/** What a lock needs. */
export interface WriterLockOptions {
  readonly files: FileSystem;
  readonly directory: string;
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly processes: ProcessTable;
  readonly leaseMs: number;
  /** How long to wait for another writer, in milliseconds; 0 gives up at once. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

interface LockFile {
  readonly generation: number;
  readonly path: string;
}

/**
 * The right to write one ledger: the lock file `<name>.lock.<generation>` with the highest generation, not yet released.
 *
 * Every holder makes a file of a new generation, in one step and with its content; nobody ever takes over a file in place. So
 * two that find the same dead holder cannot both win, and the generation serves as a fencing number.
 */
export class WriterLock {
  readonly generation: number;
  readonly #path: string;
  readonly #options: WriterLockOptions;
  #confirmedAt: number;

  private constructor(options: WriterLockOptions, file: LockFile) {
    this.#options = options;
    this.generation = file.generation;
    this.#path = file.path;
    this.#confirmedAt = options.clock.monotonic();
  }

  /** Waits for the lock as long as asked; rejects with {@link LedgerLockedError}. */
  static async acquire(options: WriterLockOptions): Promise<WriterLock> {
    const { clock, random, signal } = options;
    const until = clock.monotonic() + options.waitMs;
    for (;;) {
      signal?.throwIfAborted();
      const blocker = await WriterLock.#tryOnce(options);
      if (blocker instanceof WriterLock) return blocker;
      if (clock.monotonic() >= until) {
        throw new LedgerLockedError(
          `ledger "${options.name}" has another writer: process ${blocker.pid} on ${blocker.host}`,
          { details: { ledger: options.name, pid: blocker.pid, host: blocker.host } },
        );
      }
      await sleep(2 + random.float() * 10, { clock, ...(signal === undefined ? {} : { signal }) });
    }
  }

  static async #tryOnce(options: WriterLockOptions): Promise<WriterLock | WriterIdentity> {
    const { files, directory, name, processes } = options;
    const highest = await highestLock(options);
    if (highest !== undefined) {
      const holder = await liveHolder(options, highest);
      if (holder !== undefined) return holder;
    }
    const self = processes.self();
    const generation = (highest?.generation ?? 0) + 1;
    const path = join(directory, `${name}.lock.${generation}`);
    if (!(await files.createFile(path, lockText(self, false)))) return self;
    const others = await lockFiles(options);
    if (others.some((other) => other.generation > generation)) {
      await files.remove(path); // Ours was made from an old view: somebody is ahead.
      return self;
    }
    const lock = new WriterLock(options, { generation, path });
    for (const older of others) {
      if (older.generation < generation) await files.remove(older.path);
    }
    return lock;
  }

  /** Says "still here"; false when the lock is lost. */
  async heartbeat(): Promise<boolean> {
    const { files, clock } = this.#options;
    if (!(await files.touch(this.#path, clock.now()))) return false;
    return this.confirm();
  }

  /** Whether nobody has taken the lock over, looked up now. */
  async confirm(): Promise<boolean> {
    const started = this.#options.clock.monotonic();
    const highest = await highestLock(this.#options);
    if (highest?.generation !== this.generation) return false;
    this.#confirmedAt = started;
    return true;
  }

  /** Whether so much time has passed that somebody may have taken over meanwhile. */
  get doubtful(): boolean {
    return this.#options.clock.monotonic() - this.#confirmedAt > this.#options.leaseMs / 2;
  }

  /**
   * Gives the lock back. The file stays as a marker, so that generations go on growing; with `forget` it goes, which is right for a
   * ledger that nobody will write again.
   */
  async release({ forget }: { readonly forget: boolean }): Promise<void> {
    const { files, processes, random } = this.#options;
    if (!(await this.confirm())) return; // Taken over: the file is not ours any more.
    if (forget) {
      await files.remove(this.#path);
      return;
    }
    const draft = `${this.#path}.${random.uuid()}`;
    if (!(await files.createFile(draft, lockText(processes.self(), true)))) return;
    await files.rename(draft, this.#path);
  }
}

/** The writer that holds the ledger now, if there is one. */
export async function findWriter(
  options: Pick<WriterLockOptions, 'files' | 'directory' | 'name' | 'clock' | 'processes'> & {
    readonly leaseMs?: number;
  },
): Promise<WriterIdentity | undefined> {
  const highest = await highestLock(options);
  if (highest === undefined) return undefined;
  return liveHolder({ leaseMs: DEFAULT_LEASE_MS, ...options }, highest);
}

type Place = Pick<WriterLockOptions, 'files' | 'directory' | 'name'>;

async function liveHolder(
  options: Place & Pick<WriterLockOptions, 'clock' | 'processes' | 'leaseMs'>,
  lock: LockFile,
): Promise<WriterIdentity | undefined> {
  const [content, found] = await Promise.all([
    options.files.readFile(lock.path),
    options.files.stat(lock.path),
  ]);
  if (content === undefined || found === undefined) return undefined;
  const written = readLock(content);
  if (written?.released === true) return undefined;
  const state = written === undefined ? 'unknown' : options.processes.stateOf(written.writer);
  if (state === 'gone') return undefined;
  const silentMs = options.clock.now() - found.modifiedMs;
  if (state === 'unknown' && silentMs > options.leaseMs) return undefined;
  return written?.writer ?? UNKNOWN_WRITER;
}

const UNKNOWN_WRITER: WriterIdentity = {
  pid: 0,
  host: 'unknown',
  bootId: '',
  startTicks: '',
  pidNamespace: '',
};

function lockText(writer: WriterIdentity, released: boolean): string {
  return `${JSON.stringify({ ...writer, released })}\n`;
}

function readLock(
  content: Uint8Array,
): { readonly writer: WriterIdentity; readonly released: boolean } | undefined {
  let value: unknown;
  try {
    value = parseJson(content, { maxBytes: 10_000 });
  } catch {
    return undefined; // Being written, or not ours: only time tells.
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const member = (name: string): unknown => Object.getOwnPropertyDescriptor(value, name)?.value;
  const text = (name: string): string => {
    const found = member(name);
    return typeof found === 'string' ? found : '';
  };
  const pid = member('pid');
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return {
    released: member('released') === true,
    writer: {
      pid,
      host: text('host'),
      bootId: text('bootId'),
      startTicks: text('startTicks'),
      pidNamespace: text('pidNamespace'),
    },
  };
}

async function lockFiles({ files, directory, name }: Place): Promise<readonly LockFile[]> {
  const found: LockFile[] = [];
  const prefix = `${name}.lock.`;
  for (const file of await files.list(directory)) {
    if (!file.startsWith(prefix)) continue;
    const digits = file.slice(prefix.length);
    if (/^[1-9]\d{0,14}$/.test(digits)) {
      found.push({ generation: Number(digits), path: join(directory, file) });
    }
  }
  return found;
}

async function highestLock(place: Place): Promise<LockFile | undefined> {
  let highest: LockFile | undefined;
  for (const file of await lockFiles(place)) {
    if (highest === undefined || file.generation > highest.generation) highest = file;
  }
  return highest;
}
