import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const scripts = fileURLToPath(new URL('../../scripts', import.meta.url));
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A pnpm that only writes down how it was called. */
const RECORDING_PNPM = `
const fs = require('node:fs');
const path = require('node:path');
const [verb, ...rest] = process.argv.slice(2).filter((word) => word !== '--silent');
fs.appendFileSync('calls.log', [verb, ...rest].join(' ') + '\\n');
if (verb === 'install') fs.mkdirSync('node_modules', { recursive: true });
if (verb === 'run' && rest[0] === 'fail') process.exit(7);
`;

/** A small workspace with the set-up script; `hasPnpm` puts the recording pnpm where the pinned one is expected. */
function workspace({ hasPnpm }: { readonly hasPnpm: boolean }) {
  const home = mkdtempSync(join(tmpdir(), 'engramkit set-up-'));
  folders.push(home);
  const put = (file: string, text: string) => {
    mkdirSync(dirname(join(home, file)), { recursive: true });
    writeFileSync(join(home, file), text);
  };
  cpSync(scripts, join(home, 'scripts'), { recursive: true });
  const manifest = {
    private: true,
    packageManager: `pnpm@10.34.9+sha512.${'0'.repeat(128)}`,
    scripts: { hello: '', fail: '' },
  };
  put('package.json', JSON.stringify(manifest));
  put('pnpm-workspace.yaml', 'packages:\n  - packages/*\n  - benchmarks\n');
  put('pnpm-lock.yaml', 'lockfileVersion: 9\n');
  put('.npmrc', '');
  put('packages/one/package.json', '{}');
  if (hasPnpm) put('.tools/pnpm-10.34.9/node_modules/pnpm/bin/pnpm.cjs', RECORDING_PNPM);
  const bootstrap = (
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    flags: readonly string[] = [],
  ) =>
    spawnSync(process.execPath, [...flags, 'scripts/bootstrap.mjs', ...args], {
      cwd: home,
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, ...env },
    });
  const calls = () => readFileSync(join(home, 'calls.log'), 'utf8').trim().split('\n');
  return { home, put, bootstrap, calls };
}

describe('setting up', () => {
  it('installs once and runs the script each time', () => {
    const { bootstrap, calls } = workspace({ hasPnpm: true });
    const first = bootstrap(['hello', '--flag', 'two words']);
    expect(first.status, first.stderr).toBe(0);
    expect(first.stderr).toMatch(/✓ dependencies.* s/);
    const second = bootstrap(['hello']);
    expect(second.stderr).toBe('');
    expect(calls()).toEqual([
      expect.stringMatching(/^install --frozen-lockfile/),
      'run hello --flag two words',
      'run hello',
    ]);
  });

  it('installs again when any package of the workspace changed', () => {
    const { bootstrap, calls, put } = workspace({ hasPnpm: true });
    bootstrap(['hello']);
    put('packages/one/package.json', '{"name":"one"}');
    bootstrap(['hello']);
    put('packages/two/package.json', '{}');
    bootstrap(['hello']);
    put('benchmarks/package.json', '{}');
    bootstrap(['hello']);
    expect(calls().filter((call) => call.startsWith('install'))).toHaveLength(4);
  });

  it('ends with the exit status of the script', () => {
    const { bootstrap } = workspace({ hasPnpm: true });
    expect(bootstrap(['fail']).status).toBe(7);
  });

  it('names the scripts there are when asked for another', () => {
    const { bootstrap } = workspace({ hasPnpm: true });
    const { status, stderr } = bootstrap(['helo']);
    expect(status).toBe(1);
    expect(stderr).toContain('There is no script "helo" in package.json. There are: hello, fail');
  });

  it('refuses an old Node in words, before anything is written', () => {
    const { bootstrap, home } = workspace({ hasPnpm: false });
    const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.3' } })`;
    const preload = `data:text/javascript,${encodeURIComponent(older)}`;
    const { status, stderr } = bootstrap(['hello'], {}, ['--import', preload]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^\nEngramkit needs Node 20\.19 or newer/);
    expect(existsSync(join(home, '.tools'))).toBe(false);
  });

  it('says what to do when the registry cannot be reached, and leaves nothing behind', () => {
    const { bootstrap, home } = workspace({ hasPnpm: false });
    const nowhere = 'http://127.0.0.1:9/';
    const { status, stderr } = bootstrap(['hello'], {
      npm_config_registry: nowhere,
      npm_config_cache: join(home, 'empty-cache'),
    });
    expect(status).toBe(1);
    expect(stderr).toContain(`failed because ${nowhere} could not be reached`);
    expect(stderr).toContain('Set-up needs a package registry once');
    expect(existsSync(join(home, '.tools', 'pnpm-10.34.9'))).toBe(false);
  });
});
