import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * Where runs are kept: what `--directory` says, else `.engramkit` beside the nearest `package.json` at or above the current
 * directory, else `.engramkit` in the current directory itself. The same for every command, so that each finds the others' runs.
 */
export function stateDirectory(options: {
  readonly flag: string | undefined;
  /** The current directory. */
  readonly directory: string;
}): string {
  const { flag, directory } = options;
  if (flag !== undefined) return resolve(directory, flag);
  return join(projectDirectory(directory) ?? directory, '.engramkit');
}

/** The nearest directory with a `package.json`, from the given one upwards. */
export function projectDirectory(from: string): string | undefined {
  for (let at = resolve(from); ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
    if (dirname(at) === at) return undefined;
  }
}
