#!/usr/bin/env node
// The only set-up step: `npm start`, `npm test` and `npm run verify` all come through here.
//
//   node scripts/bootstrap.mjs <root script> [arguments…]
//   node scripts/bootstrap.mjs --lock      writes pnpm-lock.yaml anew after a package.json changed: `npm run lock`
//
// Needs Node (>= 20.19) and npm, nothing else: no global install, no corepack.
//   1. puts the pnpm that package.json#packageManager pins under .tools/, its sha512 checked;
//   2. installs the dependencies, unless nothing that decides them changed since the last time;
//   3. runs the named root script.
// The refusal of an old Node must be reached there, so this file and progress.mjs keep to syntax that Node 16 reads.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { finish, Refusal, root, run, step } from './progress.mjs';

const OLDEST_NODE = [20, 19];

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new Refusal(
    `Engramkit needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.version} (${process.execPath}).\n` +
      'Install a current Node from https://nodejs.org or with your version manager, then run the same command again.',
  );
}

const readText = (...parts) => fs.readFileSync(path.join(root, ...parts), 'utf8');

/** The pinned package manager: `pnpm@x.y.z+sha512.hex`. */
function pinnedPnpm() {
  const field = JSON.parse(readText('package.json')).packageManager;
  const match = /^pnpm@([^+]+)\+sha512\.([0-9a-f]{128})$/.exec(field || '');
  if (!match) {
    throw new Refusal(
      `package.json#packageManager is "${field}", expected pnpm@x.y.z+sha512.<hex>`,
    );
  }
  return {
    version: match[1],
    integrity: `sha512-${Buffer.from(match[2], 'hex').toString('base64')}`,
  };
}

/**
 * The environment of everything that is started here. `npm start` exports its own settings as `npm_*`; only those that reach
 * the registry are kept, or pnpm takes npm's settings as its own.
 */
function childEnvironment(tools) {
  const kept = /^npm_config_(registry|cafile|cache|https?[-_]proxy|proxy|noproxy|.*_authtoken)$/i;
  const env = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^(npm_|INIT_CWD$)/i.test(name) || kept.test(name)) env[name] = value;
  }
  return Object.assign(env, {
    PATH: `${path.join(tools, 'node_modules', '.bin')}${path.delimiter}${env.PATH || env.Path || ''}`, // turbo looks pnpm up there
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
    npm_config_manage_package_manager_versions: 'false',
    npm_config_update_notifier: 'false',
  });
}

const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED|NO_OFFLINE|META_FETCH_FAIL|network/i;

/** Says why a download failed and what to do about it. */
function downloadRefusal(what, result, env) {
  const lines = result.output.trim().split('\n');
  if (!UNREACHABLE.test(result.output)) {
    return new Refusal(`${what} failed:\n\n${lines.slice(-25).join('\n')}`);
  }
  const shown = lines.slice(0, 6).join('\n');
  const registry = env.npm_config_registry || 'the registry of your npm settings';
  return new Refusal(
    `${what} failed because ${registry} could not be reached:\n\n${shown}\n\n` +
      'Set-up needs a package registry once; afterwards everything works offline.\n' +
      '  - Without a network now: connect, then run the same command again; what is already fetched is kept.\n' +
      '  - Behind a proxy: set HTTPS_PROXY, and NODE_EXTRA_CA_CERTS if the proxy has its own certificate authority.\n' +
      '  - With a mirror: npm config set registry <address>, or set npm_config_registry.',
  );
}

/** Tries twice, quickly: without a network the defaults of npm and pnpm wait for more than a minute. */
const FETCH_LIMITS = [
  '--fetch-retries=2',
  '--fetch-retry-mintimeout=500',
  '--fetch-retry-maxtimeout=3000',
];

async function fetchPnpm(pnpm, tools, env) {
  const staging = `${tools}.${process.pid}`;
  fs.rmSync(staging, { recursive: true, force: true });
  fs.mkdirSync(staging, { recursive: true });
  try {
    fs.writeFileSync(path.join(staging, 'package.json'), '{"private":true}');
    const npmCli = process.env.npm_execpath || '';
    const [command, first] = /npm-cli\.js$/.test(npmCli)
      ? [process.execPath, [npmCli]]
      : ['npm', []];
    const wanted = `pnpm@${pnpm.version}`;
    const flags = [
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      '--loglevel=error',
    ];
    const args = [...first, 'install', '--prefix', staging, ...flags, ...FETCH_LIMITS, wanted];
    const shell = command === 'npm' && process.platform === 'win32';
    const result = await run(command, args, { env, capture: true, shell });
    if (result.status !== 0) throw downloadRefusal(`Fetching ${wanted}`, result, env);
    const lock = JSON.parse(fs.readFileSync(path.join(staging, 'package-lock.json'), 'utf8'));
    const { integrity } = lock.packages['node_modules/pnpm'];
    if (integrity !== pnpm.integrity) {
      throw new Refusal(
        `${wanted} from the registry has integrity ${integrity}, package.json pins ${pnpm.integrity}.\n` +
          'Nothing of it was run. Check which registry npm uses: npm config get registry',
      );
    }
    fs.rmSync(tools, { recursive: true, force: true });
    fs.renameSync(staging, tools);
  } finally {
    fs.rmSync(staging, { recursive: true, force: true });
  }
  return pnpm.version;
}

/** Every package.json of the workspace, from the `packages:` list of pnpm-workspace.yaml. */
function workspaceManifests() {
  const list = /^packages:\r?\n((?:[ \t]+-.*\r?\n)+)/m.exec(readText('pnpm-workspace.yaml'));
  const patterns = list ? list[1].match(/[^\s'"-][^\s'"]*/g) : [];
  const folders = patterns.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [pattern];
    const parent = path.join(root, pattern.slice(0, -2));
    if (!fs.existsSync(parent)) return [];
    return fs.readdirSync(parent).map((name) => `${pattern.slice(0, -1)}${name}`);
  });
  const manifests = folders.map((folder) => `${folder}/package.json`);
  return manifests.filter((file) => fs.existsSync(path.join(root, file))).sort();
}

/** Changes exactly when an install could come out differently. */
function installKey(pnpm) {
  const hash = createHash('sha256').update(
    `${process.version} ${process.platform} ${pnpm.version}`,
  );
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', 'package.json'];
  for (const file of [...files, ...workspaceManifests()]) {
    hash.update(`\0${file}\0`).update(readText(file));
  }
  return hash.digest('hex');
}

async function installDependencies(pnpmCli, env, mayWriteLock) {
  const flags = [
    mayWriteLock ? '--no-frozen-lockfile' : '--frozen-lockfile',
    '--prefer-offline',
    '--config.confirmModulesPurge=false',
  ];
  const args = [pnpmCli, 'install', ...flags, ...FETCH_LIMITS, '--reporter=append-only'];
  const result = await run(process.execPath, args, { env, capture: true });
  if (result.output.includes('ERR_PNPM_OUTDATED_LOCKFILE')) {
    throw new Refusal(
      'pnpm-lock.yaml does not fit the package.json files. After changing a dependency: npm run lock',
    );
  }
  if (result.status !== 0) throw downloadRefusal('Installing the dependencies', result, env);
  const added = /Progress: .*added (\d+), done/.exec(result.output);
  return added ? `${added[1]} packages` : 'complete';
}

async function main() {
  refuseOldNode();
  const [script, ...rest] = process.argv.slice(2);
  const pnpm = pinnedPnpm();
  const tools = path.join(root, '.tools', `pnpm-${pnpm.version}`);
  const pnpmCli = path.join(tools, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');
  const env = childEnvironment(tools);
  const stamp = path.join(root, 'node_modules', '.bootstrap-stamp');
  const key = installKey(pnpm);
  const haveTool = fs.existsSync(pnpmCli);
  const mayWriteLock = script === '--lock';
  const haveModules =
    !mayWriteLock && fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === key;

  if (!haveTool || !haveModules) process.stderr.write('Setting up (once; about half a minute):\n');
  if (!haveTool) await step('package manager', () => fetchPnpm(pnpm, tools, env));
  if (!haveModules) {
    await step('dependencies', () => installDependencies(pnpmCli, env, mayWriteLock));
    fs.writeFileSync(stamp, installKey(pnpm));
  }
  if (!script || mayWriteLock) return 0;
  const scripts = JSON.parse(readText('package.json')).scripts;
  if (!Object.hasOwn(scripts, script)) {
    throw new Refusal(
      `There is no script "${script}" in package.json. There are: ${Object.keys(scripts).join(', ')}`,
    );
  }
  const result = await run(process.execPath, [pnpmCli, '--silent', 'run', script, ...rest], {
    env,
    timeoutMs: 0,
  });
  return result.status;
}

finish(main());
