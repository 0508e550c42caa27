import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { command } from './command.js';

/** The newest line of verdaccio that Node 20 runs; its own node-fetch is a dist-tag, which not every mirror serves. */
const VERDACCIO = '6.8.0';
const NODE_FETCH = '2.7.0';

/** A running package registry on the loopback interface. */
export interface Registry extends AsyncDisposable {
  /** Ends in `/`. */
  readonly url: string;
}

/** Installs verdaccio under `tools` unless it is there; gives its program. */
async function verdaccio(tools: string): Promise<string> {
  const home = join(tools, `verdaccio-${VERDACCIO}`);
  const program = join(home, 'node_modules', 'verdaccio', 'bin', 'verdaccio');
  if (existsSync(program)) return program;
  const staging = `${home}.${process.pid}`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  const manifest = {
    private: true,
    dependencies: { verdaccio: VERDACCIO },
    overrides: { 'node-fetch': NODE_FETCH },
  };
  writeFileSync(join(staging, 'package.json'), JSON.stringify(manifest));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await command('npm', ['install', ...flags, '--loglevel=error'], {
    cwd: staging,
    env: process.env,
  });
  rmSync(home, { recursive: true, force: true });
  renameSync(staging, home);
  return program;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}

/** Our own names are served from here alone; everything else comes from the registry that this machine uses. */
const configuration = (folder: string, upstream: string) => `
storage: ${JSON.stringify(join(folder, 'storage'))}
uplinks:
  upstream:
    url: ${JSON.stringify(upstream)}
    timeout: 60s
    maxage: 10m
packages:
  '@engramkit/*': { access: $all, publish: $all }
  '{engramkit,create-engramkit}': { access: $all, publish: $all }
  '**': { access: $all, proxy: upstream }
max_body_size: 100mb
log: { type: stdout, level: warn }
`;

/** Starts verdaccio with an empty storage in `folder`. */
export async function startRegistry(tools: string, folder: string): Promise<Registry> {
  const program = await verdaccio(tools);
  const here = { cwd: folder, env: process.env };
  const upstream = (await command('npm', ['config', 'get', 'registry'], here)).stdout.trim();
  const config = join(folder, 'config.yaml');
  writeFileSync(config, configuration(folder, upstream));
  const port = await freePort();
  const args = [program, '--config', config, '--listen', `127.0.0.1:${port}`];
  const server = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const url = `http://127.0.0.1:${port}/`;
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const stop = async () => {
    server.kill('SIGTERM');
    const force = setTimeout(() => server.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(force);
  };
  for (let attempt = 0; attempt < 150; attempt += 1) {
    if (server.exitCode !== null) break;
    const answers = await fetch(`${url}-/ping`).then(
      (response) => response.ok,
      () => false,
    );
    if (answers) return { url, [Symbol.asyncDispose]: stop };
    await delay(200);
  }
  await stop();
  throw new Error(`verdaccio did not answer at ${url}\n${log}`);
}
