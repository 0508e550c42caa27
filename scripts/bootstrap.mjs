#!/usr/bin/env node
// The only set-up step. Needs node (>=20.19) and npm, nothing else; no global install, no corepack.
//   npm start        -> node scripts/bootstrap.mjs demo
//   npm test         -> node scripts/bootstrap.mjs check
// 1. puts the pnpm pinned in package.json#packageManager under .tools/ (sha512 checked),
// 2. runs `pnpm install --frozen-lockfile` when the lockfile/manifests/node version changed,
// 3. runs the named root script through pnpm.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const [, version, sha512] =
  /^pnpm@([^+]+)(?:\+sha512\.([0-9a-f]+))?$/.exec(manifest.packageManager ?? '') ?? [];
if (!version) throw new Error('package.json#packageManager must be pnpm@x.y.z[+sha512.hex]');
const [maj, min] = process.versions.node.split('.').map(Number);
if (maj < 20 || (maj === 20 && min < 19)) {
  console.error(`Node >= 20.19 needed, this is ${process.version}`);
  process.exit(1);
}

// `npm start` exports npm_config_*; keep only what reaches the registry, or pnpm takes npm's settings as its own.
const keep = /^npm_config_(registry|cafile|https?[-_]proxy|proxy|noproxy|.*_authtoken)$/i;
const env = Object.fromEntries(
  Object.entries(process.env).filter(([k]) => !/^(npm_|INIT_CWD$)/i.test(k) || keep.test(k)),
);
Object.assign(env, {
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  DO_NOT_TRACK: '1',
  npm_config_manage_package_manager_versions: 'false',
  npm_config_update_notifier: 'false',
});
const run = (cmd, args, opts = {}) =>
  spawnSync(cmd, args, { cwd: root, env, stdio: 'inherit', ...opts });
const must = (r, what) => {
  if (r.error) throw r.error;
  if (r.status !== 0) {
    console.error(`${what} failed (${r.status ?? r.signal})`);
    process.exit(r.status || 1);
  }
};

const tools = join(root, '.tools', `pnpm-${version}`);
const pnpmJs = join(tools, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');
if (!existsSync(pnpmJs)) {
  rmSync(tools, { recursive: true, force: true });
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, 'package.json'), '{"private":true}');
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js')
    ? [process.execPath, [process.env.npm_execpath]]
    : ['npm', []];
  must(
    run(
      npm[0],
      [
        ...npm[1],
        'install',
        '--prefix',
        tools,
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--prefer-offline',
        '--loglevel=error',
        `pnpm@${version}`,
      ],
      { shell: npm[0] === 'npm' && process.platform === 'win32' },
    ),
    'fetching pnpm',
  );
  if (sha512) {
    const got = JSON.parse(readFileSync(join(tools, 'package-lock.json'), 'utf8')).packages[
      'node_modules/pnpm'
    ].integrity;
    if (got !== 'sha512-' + Buffer.from(sha512, 'hex').toString('base64')) {
      rmSync(tools, { recursive: true, force: true });
      throw new Error(`pnpm@${version}: integrity ${got} is not the pinned one`);
    }
  }
}
env.PATH =
  join(tools, 'node_modules', '.bin') + (process.platform === 'win32' ? ';' : ':') + env.PATH; // turbo looks `pnpm` up on PATH
const pnpm = (...args) => must(run(process.execPath, [pnpmJs, ...args]), `pnpm ${args[0]}`);

const stamp = join(root, 'node_modules', '.bootstrap-stamp');
const h = createHash('sha256').update(process.version);
for (const f of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'])
  h.update(readFileSync(join(root, f)));
const key = h.digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== key) {
  pnpm('install', '--frozen-lockfile', '--prefer-offline', '--config.confirmModulesPurge=false');
  writeFileSync(stamp, key);
}
const [script, ...rest] = process.argv.slice(2);
if (script) pnpm('run', script, ...rest);
