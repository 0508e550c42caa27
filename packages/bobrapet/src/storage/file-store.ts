import { createReadStream } from 'node:fs';
import { mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Random } from '@engramkit/core';
import { checkObjectPath } from './object-path.js';
import type { ObjectBody, ObjectStore, StoreOptions } from './object-store.js';
import { StorageError } from './storage-error.js';

/** The permissions of folders. Source: bobrapet-batch section 4.7. */
const FOLDER_MODE = 0o750;

/**
 * Keeps objects as files below one folder, which is made when it is missing.
 *
 * A write goes to a temporary file that replaces the target, so that a reader sees the old bytes or the new ones. Links that
 * lead out of the folder are refused. Source: bobrapet-batch section 4.7.
 */
export function fileStore(options: {
  readonly root: string;
  readonly random: Random;
}): ObjectStore {
  return new FileStore(resolve(options.root), options.random);
}

class FileStore implements ObjectStore {
  readonly #root: string;
  readonly #random: Random;

  constructor(root: string, random: Random) {
    this.#root = root;
    this.#random = random;
  }

  async write(
    path: string,
    body: ObjectBody,
    options: StoreOptions & { readonly contentType: string },
  ): Promise<void> {
    const target = join(this.#root, checkObjectPath(path));
    const temporary = `${dirname(target)}/.${this.#random.uuid()}.tmp`;
    try {
      options.signal?.throwIfAborted();
      await mkdir(dirname(target), { recursive: true, mode: FOLDER_MODE });
      await this.#checkInside(dirname(target), path);
      const file = await open(temporary, 'wx', 0o640);
      try {
        for await (const piece of body instanceof Uint8Array ? [body] : body) {
          options.signal?.throwIfAborted();
          await file.writeFile(piece);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw failure(error, `cannot write ${path}`, path, options.signal);
    }
  }

  async read(
    path: string,
    options: StoreOptions & { readonly maxBytes: number },
  ): Promise<Uint8Array> {
    const target = join(this.#root, checkObjectPath(path));
    try {
      await this.#checkInside(target, path);
      const pieces: Uint8Array[] = [];
      let size = 0;
      const stream = createReadStream(target, { signal: options.signal });
      for await (const piece of stream as AsyncIterable<Uint8Array>) {
        size += piece.length;
        if (size > options.maxBytes) {
          stream.destroy();
          throw tooLarge(path, options.maxBytes);
        }
        pieces.push(piece);
      }
      return Buffer.concat(pieces);
    } catch (error) {
      throw failure(error, `cannot read ${path}`, path, options.signal);
    }
  }

  async close(): Promise<void> {}

  /** The real place must lie below the real root, whatever links there are. */
  async #checkInside(place: string, path: string): Promise<void> {
    const [root, real] = await Promise.all([realpath(this.#root), realpath(place)]);
    const way = relative(root, real);
    if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
      throw new StorageError(`${path} lies outside of the store`, {
        code: 'STORAGE_REFERENCE_INVALID',
        details: { path },
        hint: 'Remove the link that leads out of the storage folder.',
      });
    }
  }
}

/** The error for an object that is larger than what may be loaded. */
export function tooLarge(path: string, maxBytes: number): StorageError {
  return new StorageError(`${path} is larger than ${maxBytes} bytes and was not loaded`, {
    code: 'STORAGE_OBJECT_TOO_LARGE',
    details: { path, maxBytes },
    hint: 'Pass large data by an address of your own and read it in pieces.',
  });
}

function failure(
  error: unknown,
  what: string,
  path: string,
  signal: AbortSignal | undefined,
): unknown {
  if (error instanceof StorageError) return error;
  if (signal?.aborted === true) return signal.reason;
  const code = (error as { readonly code?: unknown }).code;
  if (code === 'ENOENT') {
    return new StorageError(`${what}: there is no such object`, {
      code: 'STORAGE_OBJECT_MISSING',
      details: { path },
      hint: 'A file store is only shared when all pods mount the same volume.',
      cause: error,
    });
  }
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return new StorageError(`${what}: ${String(code ?? 'the file system failed')}`, {
    code: denied ? 'STORAGE_DENIED' : 'STORAGE_UNAVAILABLE',
    retry: denied ? 'never' : 'safe',
    details: { path },
    hint: denied ? 'Check the owner and mount of the storage folder.' : 'Check the volume.',
    cause: error,
  });
}
