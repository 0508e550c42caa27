import { createArcpRuntime, staticTokens } from '@engramkit/agent';
import { memoryTransportPair } from '@engramkit/arcp';
import { type ArcpClient, connect } from '@engramkit/client';
import { afterEach, expect, it } from 'vitest';
import agents from '../src/agents.js';

const owned: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of owned.splice(0).reverse()) await end();
});

async function client(): Promise<ArcpClient> {
  const runtime = createArcpRuntime({ agents, authenticate: staticTokens({ tok: 'alice' }) });
  owned.push(() => runtime.close({ drainMs: 0 }));
  const made = await connect({
    token: 'tok',
    transport: async () => {
      const [near, far] = memoryTransportPair();
      runtime.accept(far);
      return near;
    },
  });
  owned.push(() => made.close());
  return made;
}

it('slow shows its progress and stops when it is told to', async () => {
  const session = await client();
  expect(await session.run('slow', { ms: 20, steps: 3, everyMs: 2 })).toEqual({ steps: 3 });
  const job = await session.submit('slow');
  await job.cancel();
  expect(await job.outcome).toMatchObject({ status: 'cancelled' });
});

it('logger writes as many lines as it is asked for', async () => {
  const session = await client();
  const job = await session.submit('logger', 3);
  const lines: string[] = [];
  for await (const event of job.events)
    if (event.valid && event.kind === 'log') lines.push(event.body.message);
  expect(lines).toEqual(['line 1 of 3', 'line 2 of 3', 'line 3 of 3']);
});

it('spend counts ten tenths exactly and ignores a negative cost', async () => {
  const session = await client();
  const lease = { 'tool.call': ['search.*'], 'cost.budget': ['USD:1.00'] };
  const costs = [-1, ...Array.from({ length: 10 }, () => 0.1)];
  expect(await session.run('spend', { costs }, { lease })).toEqual({
    calls: 11,
    refused: 'BUDGET_EXHAUSTED',
  });
});

it('chunks streams what it is given as often as it is told', async () => {
  const session = await client();
  const job = await session.submit('chunks', { text: 'ab', pieces: 3 });
  expect(new TextDecoder().decode(await job.bytes())).toBe('ababab');
});
