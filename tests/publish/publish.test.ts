import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packages, root } from '../topology/sources.js';
import { command } from './command.js';
import { type Registry, startRegistry } from './registry.js';
import { copyWorkspace, writeChangeset } from './workspace-copy.js';

/** What an author's project weighs at most with nothing but `engramkit` in it. */
const INSTALL_CEILING = 15 * 1024 * 1024;

const published = packages.filter(({ manifest }) => manifest.private !== true);
const names = published.map(({ manifest }) => manifest.name);

// A path with a space, as many a home folder has.
const folder = mkdtempSync(join(tmpdir(), 'engramkit publish-'));
const workspace = join(folder, 'workspace');
const consumer = join(folder, 'consumer');
let registry: Registry;
let env: NodeJS.ProcessEnv;

/** `changeset publish` ignores a project's .npmrc, so the environment names the registry; no setting of the user is read. */
function environmentFor(url: string): NodeJS.ProcessEnv {
  const userconfig = join(folder, 'npmrc');
  const host = url.replace(/^http:/, '');
  writeFileSync(
    userconfig,
    `registry=${url}\n${host}:_authToken=anything\nfund=false\naudit=false\n`,
  );
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return {
    ...Object.fromEntries(inherited),
    npm_config_registry: url,
    npm_config_userconfig: userconfig,
    npm_config_cache: join(folder, 'npm-cache'),
    npm_config_update_notifier: 'false',
    CI: '1',
    NO_COLOR: '1',
  };
}

const versionOf = (home: string, name: string): string =>
  JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))[name];

/** Bytes of every installed package, the heaviest first. */
function installedSizes(modules: string): [name: string, bytes: number][] {
  const sizes = new Map<string, number>();
  const seen = new Set<number>(); // esbuild hard-links its program into place: one file on disk
  for (const file of readdirSync(modules, { recursive: true, encoding: 'utf8' })) {
    const entry = lstatSync(join(modules, file));
    if (!entry.isFile() || seen.has(entry.ino)) continue;
    seen.add(entry.ino);
    const parts = file.split(sep);
    const name = parts.slice(0, file.startsWith('@') ? 2 : 1).join('/');
    sizes.set(name, (sizes.get(name) ?? 0) + entry.size);
  }
  return [...sizes].sort(([, one], [, other]) => other - one);
}

function writeConsumer(): void {
  mkdirSync(consumer, { recursive: true });
  const put = (file: string, lines: readonly string[]) =>
    writeFileSync(join(consumer, file), `${lines.join('\n')}\n`);
  put('package.json', ['{ "name": "consumer", "private": true, "type": "module" }']);
  put('greet.ts', [
    "import { defineBatch } from 'engramkit';",
    "import * as z from 'zod';",
    'export default defineBatch({',
    "  name: 'greet',",
    '  inputs: z.object({ who: z.string() }),',
    '  output: z.object({ greeting: z.string() }),',
    '  process: async ({ who }) => ({ greeting: ["Hello, ", who, "!"].join("") }),',
    '});',
  ]);
  put('greet.cjs', [
    "const { defineBatch } = require('engramkit');",
    "const z = require('zod');",
    'module.exports = defineBatch({',
    "  name: 'greet',",
    '  inputs: z.object({ who: z.string() }),',
    '  output: z.object({ greeting: z.string() }),',
    '  process: async ({ who }) => ({ greeting: ["Hello, ", who, "!"].join("") }),',
    '});',
  ]);
  const all = names.map((name, index) => `import * as e${index} from '${name}';\nvoid e${index};`);
  put('all.ts', all);
  const compilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    types: ['node'],
  };
  put('tsconfig.json', [JSON.stringify({ compilerOptions, files: ['greet.ts', 'all.ts'] })]);
}

beforeAll(async () => {
  mkdirSync(workspace);
  registry = await startRegistry(join(root, '.tools'), folder);
  env = environmentFor(registry.url);
  await copyWorkspace(root, workspace, env);
  writeConsumer();
});

afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs an engram of the consumer by the installed command. */
const runEngram = (file: string) =>
  command(
    'npx',
    ['--no-install', 'engramkit', 'run', `./${file}`, '--inputs', '{"who":"Ada"}', '--json'],
    {
      cwd: consumer,
      env,
    },
  );

describe.sequential('the release path', () => {
  it('raises the version of every package with a changelog', async () => {
    const before = versionOf(join(root, 'packages', 'core'), 'version');
    writeChangeset(workspace);
    await command('pnpm', ['exec', 'changeset', 'version'], { cwd: workspace, env });
    for (const { folder: name } of published) {
      const home = join(workspace, 'packages', name);
      expect(versionOf(home, 'version'), name).not.toBe(before);
      expect(readFileSync(join(home, 'CHANGELOG.md'), 'utf8')).toContain('release path works');
    }
  });

  it('refuses to publish when nobody named a registry', async () => {
    const { npm_config_registry: _, ENGRAMKIT_RELEASE_REGISTRY: __, ...nameless } = env;
    const release = command('node', ['scripts/release.mjs'], { cwd: workspace, env: nameless });
    await expect(release).rejects.toThrow(/ENGRAMKIT_RELEASE_REGISTRY/);
  });

  it('publishes every package to the named registry', async () => {
    const named = { ...env, ENGRAMKIT_RELEASE_REGISTRY: registry.url };
    await command('node', ['scripts/release.mjs'], { cwd: workspace, env: named });
    for (const name of names) {
      const response = await fetch(`${registry.url}${name.replace('/', '%2f')}`);
      expect(response.status, name).toBe(200);
      expect(JSON.stringify(await response.json()), name).not.toMatch(/workspace:|catalog:/);
    }
    const { stdout } = await command('git', ['tag'], { cwd: workspace, env });
    expect(stdout.trim().split('\n')).toHaveLength(names.length);
  });

  it('publishes nothing a second time', async () => {
    const named = { ...env, ENGRAMKIT_RELEASE_REGISTRY: registry.url };
    const again = await command('node', ['scripts/release.mjs'], { cwd: workspace, env: named });
    expect(`${again.stdout}${again.stderr}`).toMatch(/No unpublished projects to publish/i);
  });
});

describe.sequential('a fresh consumer outside the workspace', () => {
  const install = (...wanted: string[]) =>
    command('npm', ['install', '--loglevel=error', ...wanted], { cwd: consumer, env });

  it('installs engramkit alone in at most 15 MB', async () => {
    await install('engramkit');
    const sizes = installedSizes(join(consumer, 'node_modules'));
    const heaviest = sizes.slice(0, 12).map(([name, bytes]) => `${name} ${(bytes / 1024) | 0} KB`);
    const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
    expect(total, heaviest.join(', ')).toBeLessThanOrEqual(INSTALL_CEILING);
  });

  it('installs every package beside it', async () => {
    await install(...names, 'zod@4.6.7', '@types/node@20.19.43');
    const installed = JSON.parse(readFileSync(join(consumer, 'package.json'), 'utf8')).dependencies;
    expect(Object.keys(installed)).toEqual(expect.arrayContaining(names));
  });

  it('type-checks in strict mode, declarations included', async () => {
    const tsc = join(root, 'scripts', 'tsc7.mjs');
    await command('node', [tsc, '-p', 'tsconfig.json', '--pretty', 'false'], {
      cwd: consumer,
      env,
    });
  });

  it('runs a TypeScript engram', async () => {
    const { stdout } = await runEngram('greet.ts');
    expect(stdout).toContain('Hello, Ada!');
    expect(JSON.parse(stdout)).toMatchObject({ output: { greeting: 'Hello, Ada!' } });
  });

  it('runs a CommonJS engram that requires the packages', async () => {
    const { stdout } = await runEngram('greet.cjs');
    expect(JSON.parse(stdout)).toMatchObject({ output: { greeting: 'Hello, Ada!' } });
  });
});
