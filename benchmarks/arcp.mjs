// The ARCP client and runtime in two processes on loopback.
// node benchmarks/arcp.mjs [--long]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createArcpRuntime, defineAgent, staticTokens } from '@engramkit/agent';
import { fileEventLog, listenArcp } from '@engramkit/agent/node';
import { connect } from '@engramkit/client';

const long = process.argv.includes('--long');
const mebibytes = (bytes) => (bytes / 1024 / 1024).toFixed(0);

if (process.argv.includes('--serve')) await serve();
else await measure();

/** The runtime's process: tells its address, then its memory whenever it is asked. */
async function serve() {
  const directory = process.env.ARCP_LOG_DIRECTORY;
  const runtime = createArcpRuntime({
    agents: [
      defineAgent({ name: 'echo', handler: (input) => ({ echoed: input ?? null }) }),
      defineAgent({
        name: 'logger',
        async handler(lines, context) {
          for (let line = 0; line < lines; line += 1) await context.log('info', 'a line of a log');
          return lines;
        },
      }),
      defineAgent({
        name: 'slow',
        handler: (ms) => new Promise((resolve) => setTimeout(resolve, ms, ms)),
      }),
    ],
    authenticate: staticTokens({ tok: 'alice' }),
    limits: { maxSessionsPerPrincipal: 100_000, maxRetainedJobs: 1_000 },
    ...(directory === undefined ? {} : { eventLog: fileEventLog({ directory }) }),
  });
  const server = await listenArcp(runtime);
  process.on('message', (what) => {
    if (what === 'cut') for (const { connection } of sockets(server)) connection.destroy();
    globalThis.gc?.();
    process.send({ rss: process.memoryUsage().rss });
  });
  process.send({ url: server.url });
}

/** Every open socket of the server, to cut them all. */
function sockets(server) {
  return [...server.server.opened].map((connection) => ({ connection }));
}

async function measure() {
  const results = {};
  const note = (what, value) => {
    results[what] = value;
    console.log(`${what.padEnd(56)} ${value}`);
  };
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}`);
  await withRuntime({}, async (url, ask) => {
    const client = await connect({ url, token: 'tok' });
    await echoes(client, 500, 64);
    note(
      'sequential echo jobs per second',
      await best(() => echoes(client, long ? 10_000 : 2_000, 1)),
    );
    note(
      'echo jobs per second, 64 at a time',
      await best(() => echoes(client, long ? 60_000 : 10_000, 64)),
    );
    note('events per second', await best(() => events(client, long ? 200_000 : 40_000)));
    const before = { runtime: (await ask('memory')).rss, client: process.memoryUsage().rss };
    const jobs = long ? 1_000_000 : 30_000;
    await echoes(client, jobs, 64);
    globalThis.gc?.();
    note(
      `memory after ${jobs} more jobs, runtime and client`,
      `${mebibytes(before.runtime)} to ${mebibytes((await ask('memory')).rss)} MiB, ${mebibytes(before.client)} to ${mebibytes(process.memoryUsage().rss)} MiB`,
    );
    await client.close();
  });
  await withRuntime({}, async (url, ask) => {
    const count = long ? 10_000 : 1_000;
    const before = (await ask('memory')).rss;
    const clients = await openMany(url, count);
    const after = (await ask('memory')).rss;
    note(`${count} idle sessions, runtime`, `${mebibytes(before)} to ${mebibytes(after)} MiB`);
    await Promise.all(clients.map((client) => client.close()));
  });
  const directory = mkdtempSync(join(tmpdir(), 'arcp-log-'));
  try {
    await withRuntime({ ARCP_LOG_DIRECTORY: directory }, async (url) => {
      const client = await connect({ url, token: 'tok' });
      await echoes(client, 500, 64);
      note(
        'echo jobs per second, 64 at a time, log in a file',
        await best(() => echoes(client, long ? 30_000 : 5_000, 64)),
      );
      await client.close();
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  await storm(note, long ? 1_000 : 200);
  process.exit(0);
}

/** Every client has a job under way, all connections are cut at once: how long until every job has come to its end. */
async function storm(note, count) {
  await withRuntime({}, async (url, ask) => {
    const clients = await openMany(url, count, { reconnect: { baseMs: 100, capMs: 2_000 } });
    const jobs = await Promise.all(clients.map((client) => client.submit('slow', 1_000)));
    const began = performance.now();
    await ask('cut');
    const outcomes = await Promise.all(jobs.map((job) => job.outcome));
    const lost = outcomes.filter(({ status }) => status !== 'success').length;
    note(
      `${count} clients cut off at once, until the last job of 1 s`,
      `${((performance.now() - began) / 1000).toFixed(2)} s, ${lost} jobs lost`,
    );
    await Promise.all(clients.map((client) => client.close()));
  });
}

async function openMany(url, count, options = {}) {
  const clients = [];
  while (clients.length < count) {
    const more = Array.from({ length: Math.min(100, count - clients.length) }, () =>
      connect({ url, token: 'tok', ...options }),
    );
    clients.push(...(await Promise.all(more)));
  }
  return clients;
}

async function withRuntime(env, work) {
  const child = fork(fileURLToPath(import.meta.url), ['--serve'], {
    env: { ...process.env, ...env },
    execArgv: [
      '--expose-gc',
      '--import',
      new URL('./measure/open-sockets.mjs', import.meta.url).href,
    ],
  });
  try {
    const [{ url }] = await once(child, 'message');
    await work(url, async (what) => {
      child.send(what);
      return (await once(child, 'message'))[0];
    });
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** The best of three. */
async function best(run) {
  let most = 0;
  for (let round = 0; round < 3; round += 1) most = Math.max(most, await run());
  return Math.round(most);
}

async function echoes(client, count, width) {
  const began = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < count) {
      next += 1;
      await client.run('echo', { n: next });
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return (count / (performance.now() - began)) * 1_000;
}

async function events(client, count) {
  const began = performance.now();
  const job = await client.submit('logger', count);
  let seen = 0;
  for await (const event of job.events) if (event.kind === 'log') seen += 1;
  if (seen !== count) throw new Error(`${seen} of ${count} events came`);
  return (count / (performance.now() - began)) * 1_000;
}
