import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of this package. One up is right from `src` and from the flat `dist`. */
export const packageDirectory: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** The version of this package, from its own manifest. */
export function packageVersion(): string {
  const text = readFileSync(`${packageDirectory}/package.json`, 'utf8');
  return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}
