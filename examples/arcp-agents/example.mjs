// Starts the agents as a program of their own, submits jobs to them, and asserts what comes back.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connect } from '@engramkit/client';

const here = dirname(fileURLToPath(import.meta.url));
const cli = join(
  dirname(createRequire(import.meta.url).resolve('engramkit/package.json')),
  'dist/cli.js',
);
const state = mkdtempSync(join(tmpdir(), 'arcp-agents-'));
const server = spawn(
  process.execPath,
  [
    cli,
    'agent',
    'serve',
    here,
    '--port',
    '0',
    '--tokens',
    'tok=alice,tok-bob=bob',
    '--directory',
    state,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
try {
  const [line] = await once(createInterface(server.stdout), 'line');
  const client = await connect({ url: JSON.parse(line).url, token: 'tok' });
  assert.deepEqual(await client.run('echo', { msg: 'hi' }), { echoed: { msg: 'hi' } });
  assert.deepEqual(await client.run('ver'), { version: '2.0.0' });
  const spend = await client.run('spend', undefined, {
    lease: { 'tool.call': ['search.*'], 'cost.budget': ['USD:1.00'] },
  });
  assert.deepEqual(spend, { calls: 2, refused: 'BUDGET_EXHAUSTED' });
  const chunks = await client.submit('chunks');
  assert.equal(new TextDecoder().decode(await chunks.bytes()), 'naïve 🚀');
  const { delegations } = await client.run('parent', undefined, {
    lease: { 'fs.read': ['/ws/**'], 'agent.delegate': ['slow'], 'cost.budget': ['USD:5.00'] },
  });
  assert.deepEqual(
    delegations.map(({ refused }) => refused ?? 'accepted'),
    ['accepted', 'LEASE_SUBSET_VIOLATION', 'LEASE_SUBSET_VIOLATION', 'PERMISSION_DENIED'],
  );
  await client.close();
  console.log('arcp-agents: results, a budget, a stream and a delegation, as expected');
} finally {
  server.kill('SIGTERM');
  await once(server, 'exit');
  rmSync(state, { recursive: true, force: true });
}
