import { basename, dirname, relative } from 'node:path';

/** How to call this program again from `directory`, given the script that Node.js was started with. */
export function programName(script: string, directory: string): string {
  if (basename(script) === 'engramkit') {
    return basename(dirname(script)) === '.bin' ? 'npx engramkit' : 'engramkit';
  }
  if (basename(script) !== 'cli.js') return 'engramkit';
  // Some package managers put a script in place of a link, which starts the file itself.
  if (/[\\/]node_modules[\\/]engramkit[\\/]/.test(script)) return 'npx engramkit';
  const path = relative(directory, script);
  return `node ${shellWord(path === '' || path.startsWith('..') ? script : path)}`;
}

/** A word that a POSIX shell reads back as it is. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
