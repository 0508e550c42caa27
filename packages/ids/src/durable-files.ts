import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { platformFiles } from './platform-modules.js';

/** The steps on a file system that a durable store is made of; tests count them and stop at each. */
export interface FileSteps {
  /** Creates a file that must not exist, writes it and forces it onto the disk. */
  writeNew(path: string, text: string): Promise<void>;
  /** Gives a file a second name that must not exist; `false` when it does. */
  link(existing: string, name: string): Promise<boolean>;
  /** Forces the names in a directory onto the disk. */
  syncDirectory(path: string): Promise<void>;
  /** Creates a directory if it is missing; `true` when it was. */
  makeDirectory(path: string): Promise<boolean>;
  /** Removes a file if it is there. */
  remove(path: string): Promise<void>;
  /** The names in a directory; `undefined` when there is none. */
  list(path: string): Promise<string[] | undefined>;
  /** The text of a file; `undefined` when there is none. */
  read(path: string): Promise<string | undefined>;
}

/** Readable by their owner only: results may be confidential. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** The file system of the machine. */
export const machineFileSteps: FileSteps = {
  async writeNew(path, text) {
    const file = await platformFiles().open(path, 'wx', FILE_MODE);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  async link(existing, name) {
    try {
      await platformFiles().link(existing, name);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
  },
  async syncDirectory(path) {
    let directory: FileHandle;
    try {
      directory = await platformFiles().open(path, 'r');
    } catch (error) {
      if (['EISDIR', 'EPERM', 'EACCES'].includes(codeOf(error))) return; // Not possible on Windows, nor needed there.
      throw error;
    }
    try {
      await directory.sync();
    } catch (error) {
      if (!['EPERM', 'EINVAL'].includes(codeOf(error))) throw error; // Some file systems keep names in order by themselves.
    } finally {
      await directory.close();
    }
  },
  async makeDirectory(path) {
    try {
      await platformFiles().mkdir(path, { mode: DIRECTORY_MODE });
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
  },
  async remove(path) {
    await platformFiles().rm(path, { force: true });
  },
  list: (path) => unlessMissing(platformFiles().readdir(path)),
  read: (path) => unlessMissing(platformFiles().readFile(path, 'utf8')),
};

/** Creates a directory and those above it, and makes sure that they are still there after a crash. */
export async function makeDirectories(steps: FileSteps, path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = path; (await steps.list(at)) === undefined; at = dirname(at)) {
    missing.unshift(at);
    if (dirname(at) === at) break;
  }
  for (const directory of missing) {
    await steps.makeDirectory(directory);
    await steps.syncDirectory(join(directory, '..'));
  }
}

async function unlessMissing<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string {
  const code: unknown = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
