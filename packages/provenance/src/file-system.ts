import { constants } from 'node:fs';
import * as nodeFiles from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemRandom } from '@engramkit/core';

/** A file that is open; whoever opened it closes it. */
export interface OpenFile {
  /** Appends bytes, or fewer than given; resolves with how many were taken. */
  write(bytes: Uint8Array): Promise<number>;
  /** Reads up to `target.length` bytes from the position; 0 means the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>;
  size(): Promise<number>;
  truncate(size: number): Promise<void>;
  /** Resolves when the data is on stable storage. */
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The file operations that sessions and ledgers stand on; a port, so that tests stop it at any write.
 *
 * Operations on missing files resolve with undefined or false where the type says so and reject otherwise.
 */
export interface FileSystem {
  makeDirectory(path: string): Promise<void>;
  /** Names in a directory, in any order; empty when it is missing. */
  list(path: string): Promise<readonly string[]>;
  stat(path: string): Promise<{ readonly size: number; readonly modifiedMs: number } | undefined>;
  /** The whole file, or undefined when it is missing. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Creates a file with this content in one step; false when the name is taken. `secret` lets only the owner read it. */
  createFile(
    path: string,
    content: string,
    options?: { readonly secret?: boolean },
  ): Promise<boolean>;
  /** Opens for reading, or undefined when the file is missing. */
  openForReading(path: string): Promise<OpenFile | undefined>;
  /** Opens for appending; `create` demands that the name is free (`EEXIST` otherwise). */
  openForAppending(path: string, options: { readonly create: boolean }): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  /** False when there was nothing to remove. */
  remove(path: string): Promise<boolean>;
  /** Sets the modification time; false when the file is missing. */
  touch(path: string, timeMs: number): Promise<boolean>;
  /** Makes creations and renames in the directory durable. */
  syncDirectory(path: string): Promise<void>;
}

/** The files of the machine. */
export const nodeFileSystem: FileSystem = {
  async makeDirectory(path) {
    await nodeFiles.mkdir(path, { recursive: true });
  },
  list: (path) => orIfMissing(nodeFiles.readdir(path), []),
  async stat(path) {
    const found = await orIfMissing(nodeFiles.stat(path), undefined);
    return found === undefined ? undefined : { size: found.size, modifiedMs: found.mtimeMs };
  },
  readFile: (path) => orIfMissing<Uint8Array | undefined>(nodeFiles.readFile(path), undefined),
  async createFile(path, content, options) {
    const mode = options?.secret === true ? 0o600 : 0o644;
    const draft = `${path}.${systemRandom.uuid()}.draft`;
    await nodeFiles.writeFile(draft, content, { flag: 'wx', mode });
    try {
      await nodeFiles.link(draft, path);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      if (!LINKLESS.has(codeOf(error) ?? '')) throw error;
      return await createInPlace(path, content, mode);
    } finally {
      await orIfMissing(nodeFiles.unlink(draft), undefined);
    }
  },
  async openForReading(path) {
    const handle = await orIfMissing(nodeFiles.open(path, 'r'), undefined);
    return handle === undefined ? undefined : openFile(handle);
  },
  async openForAppending(path, { create }) {
    const flags = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR;
    return openFile(await nodeFiles.open(path, create ? flags | constants.O_EXCL : flags, 0o644));
  },
  rename: (from, to) => nodeFiles.rename(from, to),
  async remove(path) {
    return orIfMissing(
      nodeFiles.unlink(path).then(() => true),
      false,
    );
  },
  async touch(path, timeMs) {
    const time = new Date(timeMs);
    return orIfMissing(
      nodeFiles.utimes(path, time, time).then(() => true),
      false,
    );
  },
  async syncDirectory(path) {
    const handle = await nodeFiles.open(path, 'r');
    try {
      await handle.sync();
    } catch (error) {
      if (!LINKLESS.has(codeOf(error) ?? '')) throw error; // Some systems cannot sync a directory.
    } finally {
      await handle.close();
    }
  },
};

/**
 * Replaces a file as a whole: a draft with a name of its own, synced, then renamed over the target.
 *
 * A crash leaves the old content or the new one. Two writers never share a draft. Source: provenance section 3.4.
 */
export async function replaceFile(
  files: FileSystem,
  path: string,
  chunks: Iterable<string> | AsyncIterable<string>,
  options: { readonly sync: boolean },
): Promise<number> {
  const draft = `${path}.${systemRandom.uuid()}.tmp`;
  let written = 0;
  try {
    const file = await files.openForAppending(draft, { create: true });
    try {
      let waiting = '';
      for await (const chunk of chunks) {
        waiting += chunk;
        if (waiting.length < WRITE_LENGTH) continue;
        written += await writeFully(file, Buffer.from(waiting));
        waiting = '';
      }
      written += await writeFully(file, Buffer.from(waiting));
      if (options.sync) await file.datasync();
    } finally {
      await file.close();
    }
    await files.rename(draft, path);
  } catch (error) {
    await files.remove(draft).catch(() => false); // The first error is the one to report.
    throw error;
  }
  if (options.sync) await files.syncDirectory(dirname(path));
  return written;
}

/** Small pieces are gathered to about this many characters for one write. */
const WRITE_LENGTH = 1 << 18;

/** Writes all bytes, however many steps the file takes; resolves with their number. */
export async function writeFully(file: OpenFile, bytes: Uint8Array): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const taken = await file.write(done === 0 ? bytes : bytes.subarray(done));
    if (taken <= 0) throw new Error(`the file took none of ${bytes.length - done} bytes`);
    done += taken;
  }
  return done;
}

/** The code of a system error, as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Answers of file systems that lack hard links or directory syncs. */
const LINKLESS: ReadonlySet<string> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EINVAL',
  'EXDEV',
  'EISDIR',
]);

async function createInPlace(path: string, content: string, mode: number): Promise<boolean> {
  try {
    await nodeFiles.writeFile(path, content, { flag: 'wx', mode });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function orIfMissing<Value>(work: Promise<Value>, instead: Value): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return instead;
    throw error;
  }
}

function openFile(handle: nodeFiles.FileHandle): OpenFile {
  return {
    async write(bytes) {
      return (await handle.write(bytes)).bytesWritten;
    },
    async read(target, position) {
      return (await handle.read(target, 0, target.length, position)).bytesRead;
    },
    async size() {
      return (await handle.stat()).size;
    },
    truncate: (size) => handle.truncate(size),
    datasync: () => handle.datasync(),
    close: () => handle.close(),
  };
}
