import { basename, dirname, join, resolve } from 'node:path';

/** Files under `fs.read` and `fs.write`; symbolic links are followed before the lease is asked. Source: arcp section 5.4, L-22. */
export interface GuardedFiles {
  readFile(path: string): Promise<Uint8Array>;
  readText(path: string): Promise<string>;
  /** The names in a directory. */
  list(path: string): Promise<readonly string[]>;
  /** Replaces the file, or makes it; its directory must exist. */
  writeFile(path: string, data: string | Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
}

type Authorize = (capability: 'fs.read' | 'fs.write', target: string) => void;

export function guardedFiles(authorize: Authorize, signal: AbortSignal): GuardedFiles {
  const files = () => import('node:fs/promises');
  /** What is read or written in truth. A path that is not there is judged by its name, so that nothing is learned from it. */
  const place = async (capability: 'fs.read' | 'fs.write', given: string): Promise<string> => {
    signal.throwIfAborted();
    const { realpath } = await files();
    const path = resolve(given);
    const real = await realpath(path).catch(async () => {
      const folder = await realpath(dirname(path)).catch(() => dirname(path));
      return join(folder, basename(path));
    });
    authorize(capability, real);
    return real;
  };
  const read = async (given: string): Promise<Buffer> => {
    const path = await place('fs.read', given);
    const { open } = await files();
    const { constants } = await import('node:fs');
    // The last part cannot become a link between the question and the reading.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return await handle.readFile({ signal });
    } finally {
      await handle.close();
    }
  };
  return {
    readFile: read,
    readText: async (path) => (await read(path)).toString('utf8'),
    list: async (given) => {
      const path = await place('fs.read', given);
      return await (await files()).readdir(path);
    },
    writeFile: async (given, data) => {
      const path = await place('fs.write', given);
      const { open } = await files();
      const { constants } = await import('node:fs');
      const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
      const handle = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
      try {
        await handle.writeFile(data, { signal });
      } finally {
        await handle.close();
      }
    },
    remove: async (given) => {
      // The link itself is removed, not what it points to.
      const { realpath, rm } = await files();
      const path = resolve(given);
      const target = join(await realpath(dirname(path)).catch(() => dirname(path)), basename(path));
      authorize('fs.write', target);
      await rm(target);
    },
  };
}
