// Governed functions over HTTP beside bare node:http, bare Hono and two function runtimes, all echoing 100 bytes of JSON.
// node benchmarks/functions-http.mjs [--quick] [--peers <folder>]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PEERS = {
  '@google-cloud/functions-framework': '5.0.5',
  'faas-js-runtime': '3.0.2',
  hono: '4.13.19',
  '@hono/node-server': '2.1.8',
};
const KINDS = [
  'node:http',
  'hono',
  'engramkit',
  'engramkit, recorded',
  'faas-js-runtime',
  'functions-framework',
];
const CONNECTIONS = 32;
const quick = process.argv.includes('--quick');
const rounds = quick ? 2 : 4;
const callsPerRound = quick ? 2_000 : 8_000;
const program = fileURLToPath(new URL('./servers/echo-server.mjs', import.meta.url));
const records = mkdtempSync(join(tmpdir(), 'functions-http-'));
const peers = peersFolder();
const body = JSON.stringify({
  event: { id: 7, name: 'Ada', note: 'x'.repeat(50), list: [1, 2, 3] },
});

/** Peers are installed beside the project, never into it. */
function peersFolder() {
  const at = process.argv.indexOf('--peers');
  const folder = at > 0 ? process.argv[at + 1] : join(records, 'peers');
  if (existsSync(join(folder, 'node_modules'))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const names = Object.entries(PEERS).map(([name, version]) => `${name}@${version}`);
  const args = ['install', '--silent', '--no-audit', '--no-fund', ...names];
  spawnSync('npm', args, { cwd: folder, stdio: 'inherit' });
  return folder;
}

let nextPort = 19_100;
const children = new Set();
async function start(kind) {
  const port = nextPort++;
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [program, kind, String(port), peers, join(records, String(port))],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production' },
    },
  );
  children.add(child);
  await new Promise((ready, failed) => {
    child.once('message', ready);
    child.once('exit', (code) => failed(new Error(`${kind} ended with ${code}`)));
  });
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const server = { kind, port, child, agent };
  await call(server);
  server.coldMs = performance.now() - began;
  return server;
}

function call({ kind, port, agent }) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    // One of the peers answers at its root only.
    const path = kind === 'faas-js-runtime' ? '/' : '/functions/echo/invoke';
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const options = { port, agent, host: '127.0.0.1', method: 'POST', path, headers };
    const out = request(options, (reply) => {
      reply.resume();
      reply.on('end', () =>
        reply.statusCode === 200
          ? resolve(performance.now() - began)
          : reject(new Error(String(reply.statusCode))),
      );
    });
    out.on('error', reject);
    out.end(body);
  });
}

function use({ child }) {
  return new Promise((resolve) => {
    child.once('message', resolve);
    child.send('use');
  });
}

async function round(server, calls) {
  const before = await use(server);
  const began = performance.now();
  const times = [];
  let left = calls;
  const worker = async () => {
    while (left-- > 0) times.push(await call(server));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const seconds = (performance.now() - began) / 1000;
  const after = await use(server);
  times.sort((left, right) => left - right);
  return {
    cpu: (after.cpuMicros - before.cpuMicros) / calls,
    rate: calls / seconds,
    p50: times[times.length >> 1],
    p99: times[Math.floor(times.length * 0.99)],
    rss: after.rssBytes / 2 ** 20,
  };
}

const found = Object.fromEntries(KINDS.map((kind) => [kind, { rounds: [], cold: [], idle: [] }]));
try {
  for (let time = 0; time < (quick ? 2 : 5); time++) {
    for (const kind of KINDS) {
      const server = await start(kind);
      found[kind].cold.push(server.coldMs);
      found[kind].idle.push((await use(server)).rssBytes / 2 ** 20);
      server.child.kill('SIGKILL');
      server.agent.destroy();
    }
  }
  const servers = [];
  for (const kind of KINDS) servers.push(await start(kind));
  for (const server of servers) await round(server, callsPerRound >> 1);
  for (let turn = 0; turn < rounds; turn++) {
    for (const server of servers)
      found[server.kind].rounds.push(await round(server, callsPerRound));
  }
  for (const { child, agent } of servers) {
    child.kill('SIGKILL');
    agent.destroy();
  }
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(records, { recursive: true, force: true });
}

const least = (list) => Math.min(...list);
const floor = least(found['node:http'].rounds.map(({ cpu }) => cpu));
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0].model}, ${rounds} rounds of ${callsPerRound} calls\n`,
);
console.log(
  '| server | CPU µs/request | × bare | requests/s | p50 ms | p99 ms | RSS idle/loaded MB | spawn to first 200, ms |',
);
console.log('|---|---|---|---|---|---|---|---|');
for (const [kind, { rounds: list, cold, idle }] of Object.entries(found)) {
  const of = (member) => least(list.map((one) => one[member]));
  const cpu = of('cpu');
  console.log(
    `| ${kind} | ${cpu.toFixed(1)} | ${(cpu / floor).toFixed(2)} | ${Math.max(...list.map(({ rate }) => rate)).toFixed(0)} | ` +
      `${of('p50').toFixed(1)} | ${of('p99').toFixed(1)} | ${least(idle).toFixed(0)} / ${of('rss').toFixed(0)} | ${least(cold).toFixed(0)} |`,
  );
}
