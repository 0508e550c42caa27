import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EngramkitError, systemRandom } from '@engramkit/core';

/** Options of {@link writeFileAtomic}. */
export interface AtomicWriteOptions {
  /** Whether the content must be on the disk when the promise resolves; default `true`. */
  readonly durable?: boolean;
}

/**
 * Writes a whole file or nothing: temporary file in the same folder, flush to disk, rename; makes missing folders.
 *
 * Concurrent writers of one path leave one of their contents, never a mixture. Throws `DISK_FULL`, `PERMISSION_DENIED` or
 * `WRITE_FAILED` with the path.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const temporary = `${path}.${systemRandom.uuid()}.tmp`;
  try {
    const file = await openMakingFolder(temporary, path);
    try {
      await file.writeFile(content);
      if (options.durable !== false) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // The first error says what is wrong.
    throw writeError(path, error);
  }
  if (options.durable !== false) await syncFolder(dirname(path));
}

/** The error for a failed write: what it means and what to do. */
export function writeError(path: string, cause: unknown): EngramkitError {
  if (cause instanceof EngramkitError) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new EngramkitError(`no space left to write ${path}`, {
      code: 'DISK_FULL',
      retry: 'safe',
      details: { path },
      hint: 'Free some space (old runs and caches below .engramkit can go), then run again.',
      cause,
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new EngramkitError(`not allowed to write ${path} (${code})`, {
      code: 'PERMISSION_DENIED',
      details: { path },
      hint: 'Make the folder writable, or choose another one for the state directory.',
      cause,
    });
  }
  return new EngramkitError(`could not write ${path} (${code ?? 'unknown reason'})`, {
    code: 'WRITE_FAILED',
    retry: 'safe',
    details: { path },
    cause,
  });
}

async function openMakingFolder(temporary: string, path: string) {
  try {
    return await open(temporary, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true });
    return open(temporary, 'wx', 0o600);
  }
}

/** Makes the rename itself durable; file systems that cannot flush folders are left alone. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    // Some platforms refuse to open or flush folders; the content itself is safe.
  }
}
