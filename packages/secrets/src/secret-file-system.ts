import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath } from 'node:fs/promises';

/** What stands at a path, without following a link. */
export interface SecretFileInfo {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  /** Bytes. */
  readonly size: number;
  /** A text that changes whenever the content may have changed. */
  readonly version: string;
}

/** The file system as far as secrets need it; errors carry a `code` such as `ENOENT`. */
export interface SecretFileSystem {
  inspect(path: string): Promise<SecretFileInfo>;
  /** The names in a directory, in any order. */
  list(path: string): Promise<readonly string[]>;
  /** The path with every link resolved. */
  resolve(path: string): Promise<string>;
  /** At most `maxBytes` bytes from the start of a regular file; a link at the path is an error, never followed. */
  read(path: string, maxBytes: number): Promise<Uint8Array>;
}

/** The machine's files. */
export const nodeSecretFileSystem: SecretFileSystem = {
  async inspect(path) {
    const stats = await lstat(path, { bigint: true });
    return {
      kind: stats.isFile()
        ? 'file'
        : stats.isDirectory()
          ? 'directory'
          : stats.isSymbolicLink()
            ? 'link'
            : 'other',
      size: Number(stats.size),
      version: `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`,
    };
  },
  list: (path) => readdir(path),
  resolve: (path) => realpath(path),
  async read(path, maxBytes) {
    // Not waiting keeps a pipe that took the file's place from holding the run up.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    const handle = await open(path, flags);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) {
        throw Object.assign(new Error('not a regular file'), { code: 'EINVAL' });
      }
      return await readUpTo(handle, maxBytes, stats.size);
    } finally {
      await handle.close();
    }
  },
};

/** The size is a hint only: the file may grow, and files of the kernel say zero. */
async function readUpTo(
  handle: FileHandle,
  maxBytes: number,
  sizeHint: number,
): Promise<Uint8Array> {
  let buffer = new Uint8Array(Math.min(maxBytes, sizeHint + 1));
  let filled = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, filled);
    filled += bytesRead;
    if (bytesRead === 0 || filled === maxBytes) return buffer.subarray(0, filled);
    if (filled < buffer.length) continue;
    const larger = new Uint8Array(Math.min(maxBytes, buffer.length * 2));
    larger.set(buffer);
    buffer = larger;
  }
}
