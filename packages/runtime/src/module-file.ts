import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { EngramkitError, InvalidInputError } from '@engramkit/core';
import { nearNames } from './near-names.js';

/** How a module is loaded: through the TypeScript bundler, or by Node itself. */
export type ModuleFormat = 'typescript' | 'javascript';

const TYPESCRIPT: readonly string[] = ['.ts', '.mts', '.cts', '.tsx'];
const JAVASCRIPT: readonly string[] = ['.js', '.mjs', '.cjs'];

/** A module file that exists. */
export interface ModuleFile {
  /** Absolute path. */
  readonly path: string;
  readonly format: ModuleFormat;
}

/**
 * Finds the file of a module.
 *
 * Throws `MODULE_NOT_FOUND` with near names, `MODULE_UNSUPPORTED` for extensions that cannot be loaded, `MODULE_UNREADABLE`.
 */
export async function moduleFile(given: string): Promise<ModuleFile> {
  const path = resolve(given);
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(path)).isDirectory();
  } catch (error) {
    throw await missing(given, path, error);
  }
  if (isDirectory) {
    const modules = (await entries(path)).filter((name) => formatOf(name) !== undefined);
    throw new InvalidInputError(`${given} is a directory, not a module`, {
      code: 'MODULE_NOT_FOUND',
      details: { path, found: modules.slice(0, 10) },
      hint:
        modules.length === 0
          ? 'Name a .ts or .js file.'
          : `Name the file, for example ${join(given, modules[0] ?? '')}.`,
    });
  }
  const format = formatOf(path);
  if (format === undefined) {
    throw new InvalidInputError(`${given} cannot be loaded: ${extname(path) || 'no'} extension`, {
      code: 'MODULE_UNSUPPORTED',
      details: { path },
      hint: `Modules end in ${[...TYPESCRIPT, ...JAVASCRIPT].join(', ')}.`,
    });
  }
  return { path, format };
}

function formatOf(path: string): ModuleFormat | undefined {
  if (/\.d\.[cm]?ts$/.test(path)) return undefined;
  const extension = extname(path);
  if (TYPESCRIPT.includes(extension)) return 'typescript';
  return JAVASCRIPT.includes(extension) ? 'javascript' : undefined;
}

async function missing(given: string, path: string, cause: unknown): Promise<EngramkitError> {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') {
    return new EngramkitError(`${given} cannot be read (${code ?? 'unknown reason'})`, {
      code: 'MODULE_UNREADABLE',
      details: { path },
      hint: 'Check the permissions of the file and of the folders above it.',
      cause,
    });
  }
  const near = nearNames(basename(path), await entries(dirname(path)));
  return new InvalidInputError(`no module at ${given}`, {
    code: 'MODULE_NOT_FOUND',
    details: { path, near },
    hint:
      near.length === 0
        ? `Looked for ${path}; check the path and the folder you are in.`
        : `Did you mean ${near.map((name) => join(dirname(given), name)).join(' or ')}?`,
    cause,
  });
}

async function entries(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch {
    return []; // Without a readable folder there is nothing to suggest.
  }
}
