// Both directions with the Python SDK; ends with a non-zero status when something differs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createArcpRuntime, defineAgent, staticTokens } from '@engramkit/agent';
import { listenArcp } from '@engramkit/agent/node';
import { connect } from '@engramkit/client';

const peer = fileURLToPath(new URL('peer.py', import.meta.url));
const python = (...args) =>
  spawn(process.env.PYTHON ?? 'python3', [peer, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

await ourClient();
await ourRuntime();
console.log('interop with the Python SDK: both directions agree');

async function ourClient() {
  const server = python('serve');
  try {
    const [line] = await once(createInterface(server.stdout), 'line');
    const url = `ws://127.0.0.1:${JSON.parse(line).port}/arcp`;
    const client = await connect({ url, token: 'tok' });
    assert.deepEqual(await client.run('echo', { msg: 'hi' }), { echoed: { msg: 'hi' } });
    const results = await Promise.all(Array.from({ length: 16 }, (_, n) => client.run('echo', n)));
    assert.deepEqual(
      results,
      Array.from({ length: 16 }, (_, n) => ({ echoed: n })),
    );
    const job = await client.submit('slow');
    const seen = [];
    for await (const event of job.events) {
      if (event.kind !== 'progress') continue;
      seen.push(event.body.current);
      if (seen.length === 3) await job.cancel();
    }
    assert.deepEqual(seen.slice(0, 3), [1, 2, 3]);
    assert.equal((await job.outcome).status, 'cancelled');
    await assert.rejects(client.submit('nobody'), { code: 'AGENT_NOT_AVAILABLE' });
    assert.deepEqual(await client.run('echo', 'still here'), { echoed: 'still here' });
    await client.close();
    await assert.rejects(connect({ url, token: 'wrong' }), { code: 'UNAUTHENTICATED' });
  } finally {
    server.kill('SIGKILL');
  }
}

async function ourRuntime() {
  const runtime = createArcpRuntime({
    agents: [
      defineAgent({ name: 'echo', handler: (input) => ({ echoed: input ?? null }) }),
      defineAgent({
        name: 'chunks',
        async handler(_, context) {
          const writer = context.streamResult();
          await writer.write('naïve ');
          await writer.write('🚀');
        },
      }),
    ],
    authenticate: staticTokens({ tok: 'alice' }),
    submitRejection: 'session.error',
  });
  const server = await listenArcp(runtime);
  try {
    const client = python('client', server.url);
    const steps = [];
    for await (const line of createInterface(client.stdout)) steps.push(JSON.parse(line));
    assert.deepEqual(steps, [
      { step: 'welcome', runtime: 'engramkit' },
      { step: 'echo', result: { echoed: { msg: 'hi' } } },
      { step: 'concurrent', results: [0, 1, 2, 3, 4, 5, 6, 7] },
      { step: 'chunks', text: 'naïve 🚀' },
      { step: 'refused', code: 'AGENT_NOT_AVAILABLE' },
      { step: 'list', agents: ['chunks', 'echo'] },
      { step: 'closed' },
    ]);
  } finally {
    await server.close({ drainMs: 0 });
  }
}
