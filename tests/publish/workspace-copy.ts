import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packages } from '../topology/sources.js';
import { command } from './command.js';

/**
 * Copies the workspace, as it stands now with what was built, into `target`, a git repository of its own: releasing writes
 * versions, changelogs and tags, and must never do so in the checkout that the tests run in.
 */
export async function copyWorkspace(
  root: string,
  target: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const listing = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const { stdout } = await command('git', listing, { cwd: root, env });
  const built = packages.map(({ folder }) => `packages/${folder}/dist`);
  for (const file of [...stdout.split('\0').filter(Boolean), ...built]) {
    const from = join(root, file);
    if (!existsSync(from)) continue;
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(from, join(target, file), { recursive: true });
  }
  const here = { cwd: target, env };
  await command('pnpm', ['install', '--frozen-lockfile', '--prefer-offline'], {
    cwd: target,
    env: process.env,
  });
  const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid'];
  await command('git', ['init', '--quiet', '--initial-branch=main'], here);
  await command('git', ['add', '--all'], here);
  await command('git', [...author, 'commit', '--quiet', '--message', 'Copy'], here);
}

/** Adds a changeset that releases every package, so that the release path has something to do whatever is pending. */
export function writeChangeset(target: string): void {
  const names = packages.filter(({ manifest }) => manifest.private !== true);
  const lines = names.map(({ manifest }) => `'${manifest.name}': minor`);
  const text = `---\n${lines.join('\n')}\n---\n\nProve that the release path works.\n`;
  writeFileSync(join(target, '.changeset', 'prove-the-release-path.md'), text);
}
