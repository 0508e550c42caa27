import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manualClock } from '@engramkit/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everything, RawClient } from '../test/raw-client.js';
import {
  type AgentHandler,
  type ArcpRuntime,
  type ArcpRuntimeOptions,
  type CredentialProvisioner,
  createArcpRuntime,
  defineAgent,
  memoryCredentialStore,
  memoryEventLog,
  staticTokens,
  translateUpstreamError,
} from './index.js';

const owned: ArcpRuntime[] = [];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'operations-'));
});
afterEach(async () => {
  for (const runtime of owned.splice(0)) await runtime.close({ drainMs: 0 });
  await rm(folder, { recursive: true, force: true });
});

function host(handler: AgentHandler, options: Partial<ArcpRuntimeOptions> = {}): ArcpRuntime {
  const runtime = createArcpRuntime({
    agents: [defineAgent({ name: 'work', handler })],
    authenticate: staticTokens({ tok: 'alice', 'tok-bob': 'bob' }),
    ...options,
  });
  owned.push(runtime);
  return runtime;
}

async function run(
  handler: AgentHandler,
  lease: object,
  options: Partial<ArcpRuntimeOptions> = {},
) {
  const client = new RawClient(host(handler, options));
  await client.hello();
  client.send('job.submit', { agent: 'work', lease_request: lease });
  return await client.next(undefined, ({ type }) => /^job\.(result|error)$/.test(type));
}

const outcomes = async (...work: (() => Promise<unknown>)[]): Promise<string[]> => {
  const all: string[] = [];
  for (const one of work) {
    all.push(
      await one().then(
        () => 'allowed',
        (error: { readonly code?: string }) => String(error.code),
      ),
    );
  }
  return all;
};

describe('guarded files', () => {
  it('are judged by what they are in truth, whatever the way to them', async () => {
    const inside = join(folder, 'inside');
    await mkdir(inside);
    await writeFile(join(inside, 'a.txt'), 'hello');
    await writeFile(join(folder, 'secret.txt'), 'no');
    await symlink(join(folder, 'secret.txt'), join(inside, 'link'));
    await symlink(folder, join(inside, 'up'));
    const end = await run(
      async (_, { fs }) => ({
        text: await fs.readText(join(inside, 'a.txt')),
        names: [...(await fs.list(inside))].sort(),
        outcomes: await outcomes(
          () => fs.writeFile(join(inside, 'new.txt'), 'x'),
          () => fs.remove(join(inside, 'new.txt')),
          () => fs.readText(join(inside, 'link')),
          () => fs.readText(join(inside, 'up', 'secret.txt')),
          () => fs.readText(join(inside, '..', 'secret.txt')),
          () => fs.readText(join(folder, 'missing.txt')),
          () => fs.readText(join(inside, 'missing.txt')),
          () => fs.writeFile(join(inside, 'link'), 'x'),
          () => fs.writeFile(join(folder, 'out.txt'), 'x'),
        ),
      }),
      { 'fs.read': [`${inside}/**`], 'fs.write': [`${inside}/**`] },
    );
    const denied = 'PERMISSION_DENIED';
    expect(end.payload.result).toEqual({
      text: 'hello',
      names: ['a.txt', 'link', 'up'],
      outcomes: ['allowed', 'allowed', denied, denied, denied, denied, 'ENOENT', denied, denied],
    });
  });
});

describe('calls of models', () => {
  class QuotaError extends Error {
    readonly error = { code: 'insufficient_quota', raw: 'sk-vendor-payload' };
  }

  it('need a grant, and speak of budgets and refusals in the codes of the protocol', async () => {
    const end = await run(
      async (_, { model }) =>
        outcomes(
          () => model('fast/one', async () => 'text'),
          () => model('slow/one', async () => 'text'),
          () => model('fast/one', () => Promise.reject(new QuotaError('used up'))),
          () =>
            model('fast/one', () =>
              Promise.reject(Object.assign(new Error('no'), { status: 403 })),
            ),
          () =>
            model('fast/one', () => Promise.reject(Object.assign(new Error('no'), { code: 'E1' }))),
        ),
      { 'model.use': ['fast/*'] },
    );
    expect(end.payload.result).toEqual([
      'allowed',
      'PERMISSION_DENIED',
      'BUDGET_EXHAUSTED',
      'PERMISSION_DENIED',
      'E1',
    ]);
  });

  it.each([
    [{ code: 'BUDGET_EXHAUSTED' }, 'BUDGET_EXHAUSTED'],
    [{ type: 'insufficient_quota' }, 'BUDGET_EXHAUSTED'],
    [{ statusCode: 402 }, 'BUDGET_EXHAUSTED'],
    [{ status: 403, message: 'this model is not for you' }, 'PERMISSION_DENIED'],
  ])('translates %o', (members, code) => {
    const translated = translateUpstreamError(
      Object.assign(new QuotaError('m'), { error: {} }, members),
    );
    expect(translated).toMatchObject({ code, details: { upstream_class: 'QuotaError' } });
    expect(JSON.stringify(translated)).not.toContain('sk-vendor');
  });
});

describe('credentials (OPEN-20)', () => {
  const secret = 'sk-SECRET-1';
  function provisioner() {
    const revoked: string[] = [];
    let failures = 0;
    const made: CredentialProvisioner & {
      readonly revoked: string[];
      failing(times: number): void;
    } = {
      revoked,
      failing: (times) => {
        failures = times;
      },
      issue: async ({ jobId }) => [
        {
          id: 'cred_1',
          scheme: 'bearer',
          value: secret,
          endpoint: 'https://gateway.test/v1',
          handle: `h-${jobId}`,
          constraints: { budget: ['USD:5.00'], models: ['tier-fast/*'] },
        },
      ],
      rotate: async (handle) => ({
        id: 'cred_1',
        scheme: 'bearer',
        value: 'sk-SECRET-2',
        endpoint: 'https://gateway.test/v1',
        handle: `${handle}-2`,
      }),
      revoke: async (handle) => {
        if (failures > 0) {
          failures -= 1;
          throw new Error('try later');
        }
        revoked.push(handle);
      },
    };
    return made;
  }
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };

  it('are shown to the submitter once, revoked with the timeout, and found nowhere else', async () => {
    const clock = manualClock();
    const credentials = provisioner();
    const log = memoryEventLog();
    const store = memoryCredentialStore({ durable: true });
    const runtime = host(() => new Promise(() => undefined), {
      clock,
      eventLog: log,
      credentials: { provisioner: credentials, store },
    });
    const client = new RawClient(runtime);
    await client.hello();
    const submit = { agent: 'work', max_runtime_sec: 1, idempotency_key: 'kc' };
    client.send('job.submit', submit);
    const accepted = await client.next('job.accepted');
    expect(accepted.payload.credentials).toEqual([
      {
        id: 'cred_1',
        scheme: 'bearer',
        value: secret,
        endpoint: 'https://gateway.test/v1',
        constraints: { 'cost.budget': ['USD:5.00'], 'model.use': ['tier-fast/*'] },
      },
    ]);
    const watcher = new RawClient(runtime, 'w');
    await watcher.hello();
    watcher.send('job.subscribe', { job_id: accepted.job_id, history: true });
    await watcher.next('job.subscribed');
    await runtime.rotateCredential(accepted.job_id!, 'cred_1');
    expect(
      await client.next('job.event', ({ payload }) => JSON.stringify(payload).includes('rotated')),
    ).toMatchObject({
      payload: { body: { phase: 'credential_rotated', id: 'cred_1', value: 'sk-SECRET-2' } },
    });
    const seen = await watcher.next('job.event', ({ payload }) =>
      JSON.stringify(payload).includes('rotated'),
    );
    expect(seen.payload.body).toEqual({ phase: 'credential_rotated', id: 'cred_1' });
    await settle();
    expect(credentials.revoked).toEqual([`h-${accepted.job_id}`]);

    credentials.failing(2);
    await clock.advance(1_000);
    expect(await client.next('job.error')).toMatchObject({
      payload: { code: 'TIMEOUT', final_status: 'timed_out' },
    });
    for (let at = 0; at < 6; at += 1) {
      await settle();
      await clock.advance(2_000);
    }
    expect(credentials.revoked).toEqual([`h-${accepted.job_id}`, `h-${accepted.job_id}-2`]);
    expect(await store.all()).toEqual([]);
    client.send('job.submit', submit);
    expect((await client.next('job.accepted')).payload).not.toHaveProperty('credentials');
    client.send('session.list_jobs');
    await client.next('session.jobs');
    expect(
      JSON.stringify([log.records, watcher.received, client.received.slice(-2)]),
    ).not.toContain('sk-SECRET');
  });
});

describe('peers that can do less', () => {
  it('get a streamed result in one piece without chunks, and no progress', async () => {
    const runtime = host(async (_, context) => {
      await context.progress(1);
      const writer = context.streamResult();
      await writer.write('naïve ');
      await writer.write('🚀');
    });
    const client = new RawClient(runtime);
    await client.hello({ features: [] });
    client.send('job.submit', { agent: 'work' });
    const end = await client.next('job.result');
    expect(end).toMatchObject({ event_seq: 2, payload: { result: 'naïve 🚀' } });
    expect(end.payload).not.toHaveProperty('result_id');
  });

  it('are told so when the whole is too large for one piece', async () => {
    const runtime = host(async (_, context) => {
      await context.streamResult().write('x'.repeat(600_000));
    });
    const client = new RawClient(runtime);
    await client.hello({ features: [] });
    client.send('job.submit', { agent: 'work' });
    expect(await client.next('job.error')).toMatchObject({
      payload: { code: 'INTERNAL_ERROR', details: { reason: 'result_chunk_not_negotiated' } },
    });
  });

  it('get the version that they speak', async () => {
    const client = new RawClient(host(() => 1));
    client.send(
      'session.hello',
      {
        client: { name: 't', version: '1' },
        auth: { scheme: 'bearer', token: 'tok' },
        capabilities: {},
      },
      { arcp: '1' },
    );
    expect(await client.next()).toMatchObject({ arcp: '1', type: 'session.welcome' });
  });

  it("get the Ruby gem's shapes when they are that gem", async () => {
    const client = new RawClient(host((_, { lease }) => ({ ...lease })));
    client.sessionId = 'ses_mine';
    client.send('session.hello', {
      client_name: 'arcp',
      client_version: '1.0.0',
      auth: { scheme: 'bearer', token: 'tok' },
      capabilities: { features: everything, encodings: ['utf8'] },
    });
    expect(await client.next('session.welcome')).toMatchObject({
      session_id: 'ses_mine',
      payload: { runtime_name: 'engramkit' },
    });
    client.send('job.submit', {
      agent: 'work',
      lease_request: { capabilities: ['tool.call'], 'cost.budget': ['USD:1'] },
    });
    const accepted = await client.next('job.accepted');
    expect(accepted.payload.lease).toMatchObject({
      id: `lse_${accepted.job_id}`,
      capabilities: ['tool.call'],
      'cost.budget': ['USD:1'],
    });
    expect((await client.next('job.result')).payload.result).toEqual({
      'tool.call': ['**'],
      'cost.budget': ['USD:1'],
    });
    client.send('job.submit', { agent: 'work' });
    expect((await client.next('job.accepted')).payload).not.toHaveProperty('lease');
    client.send('job.submit', { agent: 'nobody' });
    expect(await client.next('session.error')).toMatchObject({
      payload: { code: 'AGENT_NOT_AVAILABLE' },
    });
  });
});

describe('bounds', () => {
  it('a subscriber that reads too slowly loses its subscription, the job and its owner lose nothing', async () => {
    const runtime = host(
      async (_, context) => {
        for (let at = 0; at < 60; at += 1) await context.log('info', `line ${at}`);
        return 'done';
      },
      { limits: { maxSubscriberEvents: 10 } },
    );
    const owner = new RawClient(runtime);
    await owner.hello({ features: everything.filter((feature) => feature !== 'ack') });
    const watcher = new RawClient(runtime, 'w');
    await watcher.hello();
    watcher.send('session.ack', { last_processed_seq: 0 });
    owner.send('job.submit', { agent: 'work' });
    const { job_id } = await owner.next('job.accepted');
    watcher.send('job.subscribe', { job_id, history: true });
    expect(await watcher.next('session.error')).toMatchObject({
      job_id,
      payload: { code: 'INTERNAL_ERROR', job_id, details: { reason: 'subscriber_too_slow' } },
    });
    expect(await owner.next('job.result')).toMatchObject({
      event_seq: 62,
      payload: { result: 'done' },
    });
  });

  it('a principal has a limited number of sessions; those nobody uses make room', async () => {
    const runtime = host(() => 1, { limits: { maxSessionsPerPrincipal: 2 } });
    const clients = ['a', 'b', 'c'].map((name) => new RawClient(runtime, name));
    await clients[0]!.hello();
    await clients[1]!.hello();
    expect((await clients[2]!.hello()).payload).toMatchObject({
      code: 'INTERNAL_ERROR',
      details: { reason: 'too_many_sessions' },
    });
    const bob = new RawClient(runtime, 'bob');
    expect((await bob.hello({ token: 'tok-bob' })).type).toBe('session.welcome');
    clients[0]!.send('session.bye', {});
    await clients[0]!.closed;
    expect((await new RawClient(runtime, 'd').hello()).type).toBe('session.welcome');
  });
});
