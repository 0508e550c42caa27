import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, parseJson } from '@engramkit/core';
import { writeFileAtomic } from './atomic-file.js';

/** A file that a bundle was made from; `sha256` is `absent` when its appearance would change the bundle. */
export interface BundleInput {
  readonly path: string;
  readonly sha256: string;
}

/** A finished bundle. */
export interface Bundle {
  readonly code: string;
  readonly sourceMap: string;
  readonly inputs: readonly BundleInput[];
}

const KEPT_MS = 7 * 24 * 60 * 60 * 1_000;
/** Changes when bundles are made in another way, so that old entries are not used. */
const RECIPE = 1;

/**
 * Bundles by content: an entry is used only while every file it was made from has the same bytes.
 *
 * Files: `<key>.json` names the inputs and the bundle, `<hash>.mjs` and `<hash>.mjs.map` are the bundle. Written whole or not at
 * all, so that concurrent runs may share the folder.
 */
export class BundleCache {
  readonly #directory: string;
  readonly #clock: Clock;

  constructor(directory: string, clock: Clock) {
    this.#directory = join(directory, 'modules');
    this.#clock = clock;
  }

  /** The file of a bundle that is still up to date. */
  async find(entry: string): Promise<string | undefined> {
    try {
      const manifest = readManifest(
        await readFile(this.#manifestPath(entry)),
        this.#manifestPath(entry),
      );
      if (manifest === undefined) return undefined;
      const same = await Promise.all(
        manifest.inputs.map(async ({ path, sha256 }) => (await hashOfFile(path)) === sha256),
      );
      if (same.includes(false)) return undefined;
      const file = join(this.#directory, manifest.bundle);
      return (await stat(file)).isFile() ? file : undefined;
    } catch {
      return undefined; // Whatever is wrong with an entry: making it again repairs it.
    }
  }

  /** Stores a bundle and returns its file. */
  async store(entry: string, bundle: Bundle): Promise<string> {
    const name = `${sha256Of(bundle.code).slice(0, 32)}.mjs`;
    const file = join(this.#directory, name);
    const options = { durable: false };
    await writeFileAtomic(`${file}.map`, bundle.sourceMap, options);
    await writeFileAtomic(file, `${bundle.code}//# sourceMappingURL=${name}.map\n`, options);
    await writeFileAtomic(
      this.#manifestPath(entry),
      JSON.stringify({ recipe: RECIPE, entry, bundle: name, inputs: bundle.inputs }),
      options,
    );
    await this.#removeOld();
    return file;
  }

  #manifestPath(entry: string): string {
    return join(this.#directory, `${sha256Of(entry).slice(0, 32)}.json`);
  }

  async #removeOld(): Promise<void> {
    const before = this.#clock.now() - KEPT_MS;
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      try {
        if ((await stat(path)).mtimeMs < before) await rm(path, { force: true });
      } catch {
        // Another run has removed it.
      }
    }
  }
}

/** The digest of a file's bytes, or `absent`. */
export async function hashOfFile(path: string): Promise<string> {
  try {
    return sha256Of(await readFile(path));
  } catch {
    return 'absent';
  }
}

/** SHA-256 in hexadecimal digits. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

interface Manifest {
  readonly bundle: string;
  readonly inputs: readonly BundleInput[];
}

function readManifest(content: Uint8Array, what: string): Manifest | undefined {
  const manifest = parseJson(content, { what });
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest))
    return undefined;
  const { recipe, bundle, inputs } = manifest as Readonly<Record<string, unknown>>;
  if (recipe !== RECIPE || typeof bundle !== 'string' || !/^[0-9a-f]{32}\.mjs$/.test(bundle)) {
    return undefined;
  }
  return Array.isArray(inputs) && inputs.every(isInput) ? { bundle, inputs } : undefined;
}

function isInput(value: unknown): value is BundleInput {
  if (typeof value !== 'object' || value === null) return false;
  const { path, sha256 } = value as Readonly<Record<string, unknown>>;
  return typeof path === 'string' && typeof sha256 === 'string';
}
