import type { Envelope } from '@engramkit/arcp';
import { manualClock } from '@engramkit/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { RawClient } from '../test/raw-client.js';
import {
  type AgentHandler,
  type ArcpRuntime,
  type ArcpRuntimeOptions,
  createArcpRuntime,
  defineAgent,
  staticTokens,
} from './index.js';

const owned: ArcpRuntime[] = [];
afterEach(async () => {
  for (const runtime of owned.splice(0)) await runtime.close({ drainMs: 0 });
});

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
const echo = defineAgent({ name: 'echo', handler: (input) => ({ echoed: input ?? null }) });
const slow = defineAgent({ name: 'slow', handler: (_, { signal }) => untilAborted(signal) });
const versions = ['1.0.0', '2.0.0'].map((version) =>
  defineAgent({ name: 'ver', version, isDefault: version === '2.0.0', handler: () => version }),
);
const agent = (name: string, handler: AgentHandler) => defineAgent({ name, handler });

function host(
  agents: ArcpRuntimeOptions['agents'] = [echo, slow, ...versions],
  options: Partial<ArcpRuntimeOptions> = {},
): ArcpRuntime {
  const runtime = createArcpRuntime({
    agents,
    authenticate: staticTokens({ tok: 'alice', 'tok-bob': 'bob' }),
    ...options,
  });
  owned.push(runtime);
  return runtime;
}

async function session(
  runtime: ArcpRuntime,
  hello: Parameters<RawClient['hello']>[0] = {},
): Promise<RawClient> {
  const client = new RawClient(runtime);
  await client.hello(hello);
  return client;
}

const ends = (client: RawClient): Promise<Envelope> =>
  client.next(undefined, ({ type }) => type === 'job.result' || type === 'job.error');

describe('the handshake', () => {
  it('negotiates features and advertises agents (OPEN-01)', async () => {
    const client = new RawClient(host([echo, ...versions]));
    const welcome = await client.hello({
      features: ['ack', 'heartbeat', 'x-vendor.test.future', 'provisioned_credentials', 'progress'],
    });
    expect(welcome).toMatchObject({
      arcp: '1.1',
      type: 'session.welcome',
      session_id: expect.stringMatching(/^sess_/),
      payload: {
        runtime: { name: expect.any(String), version: expect.any(String) },
        resume_token: expect.stringMatching(/^.{22,}$/),
        resume_window_sec: 600,
        heartbeat_interval_sec: 30,
        capabilities: {
          encodings: ['json'],
          features: ['heartbeat', 'ack', 'progress'],
          agents: [
            { name: 'echo', versions: [] },
            { name: 'ver', versions: ['1.0.0', '2.0.0'], default: '2.0.0' },
          ],
        },
      },
    });
    expect(welcome).not.toHaveProperty('event_seq');
    expect(JSON.stringify(welcome.payload.capabilities)).not.toContain('null');
  });

  it('refuses a wrong token in a frame with a session, and hangs up (OPEN-02)', async () => {
    const client = new RawClient(host());
    const answer = await client.hello({ token: 'nope' });
    expect(answer).toMatchObject({
      type: 'session.error',
      session_id: expect.any(String),
      payload: {
        code: 'UNAUTHENTICATED',
        message: expect.any(String),
        retryable: false,
        request_id: 'm1',
        reply_to: 'm1',
      },
    });
    expect(JSON.stringify(answer)).not.toContain('nope');
    await client.closed;
  });

  it('is not waited for longer than the limit', async () => {
    const clock = manualClock();
    const client = new RawClient(host([echo], { clock }));
    await clock.advance(10_001);
    await client.closed;
  });

  it('ignores unknown members and answers an unknown vendor type only when it is not optional (OPEN-03)', async () => {
    const client = await session(host());
    client.send('x-vendor.acme.hint', {}, { extensions: { optional: true } });
    const must = client.send('x-vendor.acme.must');
    expect(await client.next()).toMatchObject({
      type: 'session.error',
      payload: {
        code: 'INVALID_REQUEST',
        request_id: must,
        details: { type: 'x-vendor.acme.must' },
      },
    });
    client.send(
      'job.submit',
      { agent: 'echo', input: 1, priority: 'high' },
      { zzz: { a: 1 }, extensions: { 'x-vendor.acme.note': 'hi' } },
    );
    expect(await ends(client)).toMatchObject({ payload: { result: { echoed: 1 } } });
  });
});

describe('a job', () => {
  it('is accepted, runs and ends under contiguous numbers (OPEN-04)', async () => {
    const client = await session(host());
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const id = client.send(
      'job.submit',
      { agent: 'echo', input: { msg: 'hi' } },
      { trace_id: traceId },
    );
    const accepted = await client.next();
    const jobId = accepted.job_id!;
    expect(accepted).toMatchObject({
      type: 'job.accepted',
      trace_id: traceId,
      payload: {
        job_id: jobId,
        agent: 'echo',
        lease: {},
        accepted_at: expect.stringMatching(/Z$/),
        trace_id: traceId,
        request_id: id,
        reply_to: id,
      },
    });
    for (const absent of ['event_seq', 'payload.budget', 'payload.credentials'])
      expect(accepted).not.toHaveProperty(absent);
    expect(await client.next()).toMatchObject({
      type: 'job.event',
      job_id: jobId,
      event_seq: 1,
      payload: { kind: 'status', ts: expect.any(String), body: { phase: 'running' } },
    });
    const result = await client.next();
    expect(result).toMatchObject({
      type: 'job.result',
      event_seq: 2,
      payload: { final_status: 'success', result: { echoed: { msg: 'hi' } } },
    });
    expect(result).not.toHaveProperty('payload.result_id');
  });

  it('gets a trace of its own or continues one (OPEN-22)', async () => {
    const client = await session(host());
    client.send('job.submit', { agent: 'echo' });
    const first = await client.next('job.accepted');
    expect(first.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(first.payload.trace_id).toBe(first.trace_id);
    expect((await ends(client)).trace_id).toBe(first.trace_id);
    client.send(
      'job.submit',
      { agent: 'echo' },
      { trace_id: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
    );
    expect((await client.next('job.accepted')).trace_id).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  });

  it('is refused by name under a fresh identifier, and nothing else is disturbed', async () => {
    const client = await session(host());
    for (const [payload, code] of [
      [{ agent: 'nobody' }, 'AGENT_NOT_AVAILABLE'],
      [{ agent: 'ver@9' }, 'AGENT_VERSION_NOT_AVAILABLE'],
      [{ agent: 'UPPER' }, 'INVALID_REQUEST'],
      [{ agent: 'echo', lease_request: { 'fs.remove': ['/'] } }, 'INVALID_REQUEST'],
      [{ agent: 'echo', max_runtime_sec: 0 }, 'INVALID_REQUEST'],
    ] as const) {
      const id = client.send('job.submit', payload);
      expect(await client.next()).toMatchObject({
        type: 'job.error',
        payload: { code, final_status: 'error', request_id: id },
      });
    }
    client.send('job.submit', { agent: 'ver' });
    expect(await client.next('job.accepted')).toMatchObject({ payload: { agent: 'ver@2.0.0' } });
  });

  it('under one key runs once; a repeat gets its end again, other parameters are refused (OPEN-13)', async () => {
    let runs = 0;
    const counted = agent('echo', (input) => {
      runs += 1;
      return { echoed: input ?? null };
    });
    const runtime = host([counted]);
    const client = await session(runtime);
    client.send('job.submit', { agent: 'echo', input: { b: 1, a: 2 }, idempotency_key: 'k1' });
    const first = await client.next('job.accepted');
    const end = await ends(client);
    const repeat = client.send('job.submit', {
      idempotency_key: 'k1',
      input: { a: 2, b: 1 },
      agent: 'echo',
      lease_request: {},
    });
    const second = await client.next('job.accepted');
    const { request_id: _one, reply_to: _two, ...stable } = first.payload;
    expect(second.payload).toEqual({ ...stable, request_id: repeat, reply_to: repeat });
    expect(await ends(client)).toMatchObject({
      job_id: first.job_id,
      event_seq: end.event_seq! + 1,
    });
    expect(runs).toBe(1);
    const conflict = client.send('job.submit', {
      agent: 'echo',
      input: { a: 3 },
      idempotency_key: 'k1',
    });
    const refused = await client.next();
    expect(refused).toMatchObject({
      type: 'job.error',
      payload: {
        code: 'DUPLICATE_KEY',
        retryable: false,
        details: { existing_job_id: first.job_id },
        request_id: conflict,
      },
    });
    expect(refused.job_id).not.toBe(first.job_id);
    const bob = await session(runtime, { token: 'tok-bob' });
    bob.send('job.submit', { agent: 'echo', input: { b: 1, a: 2 }, idempotency_key: 'k1' });
    expect((await bob.next('job.accepted')).job_id).not.toBe(first.job_id);
  });

  it('that is cancelled ends as cancelled, whatever its agent does later (OPEN-14)', async () => {
    let release: (value: string) => void = () => undefined;
    const client = await session(
      host([agent('stubborn', () => new Promise((resolve) => (release = resolve)))]),
    );
    client.send('job.submit', { agent: 'stubborn' });
    const { job_id: jobId } = await client.next('job.accepted');
    await client.next('job.event');
    const id = client.send('job.cancel', { reason: 'user', job_id: jobId }, { job_id: jobId });
    const cancelled = await client.next();
    expect(cancelled).toMatchObject({
      type: 'job.cancelled',
      job_id: jobId,
      payload: { reason: 'user', request_id: id },
    });
    expect(cancelled).not.toHaveProperty('event_seq');
    release('late');
    expect(await client.next()).toMatchObject({
      type: 'job.error',
      event_seq: 2,
      payload: { final_status: 'cancelled', code: 'CANCELLED', retryable: false },
    });
    client.send('job.cancel', { reason: 'again' }, { job_id: jobId });
    const ping = client.send('session.ping', { nonce: 'p', sent_at: 'x' });
    expect(ping).toBeDefined();
    expect(await client.next()).toMatchObject({ type: 'session.pong' });
  });

  it('ends by force when its agent ignores the cancel beyond the grace', async () => {
    const clock = manualClock();
    const client = await session(
      host([agent('deaf', () => new Promise(() => undefined))], { clock }),
    );
    client.send('job.submit', { agent: 'deaf' });
    const { job_id: jobId } = await client.next('job.accepted');
    client.send('job.cancel', {}, { job_id: jobId });
    await client.next('job.cancelled');
    await clock.advance(30_000);
    expect(await ends(client)).toMatchObject({ payload: { code: 'CANCELLED' } });
  });

  it.each([60, 3_000_000])('ends as timed out after %d seconds, not before', async (seconds) => {
    const clock = manualClock();
    const client = await session(
      host([agent('deaf', () => new Promise(() => undefined))], {
        clock,
        limits: { heartbeatIntervalSec: 1_000_000_000 },
      }),
    );
    client.send('job.submit', { agent: 'deaf', max_runtime_sec: seconds });
    await client.next('job.event');
    await clock.advance(seconds * 1_000 - 1);
    const before = client.received.length;
    await clock.advance(1);
    expect(client.received.length).toBeGreaterThan(before);
    expect(await ends(client)).toMatchObject({
      payload: { code: 'TIMEOUT', final_status: 'timed_out', retryable: true },
    });
  });

  it('never shows the stack or the cause of what its agent threw', async () => {
    const client = await session(
      host([agent('bad', () => Promise.reject(new Error('broke', { cause: 'hunter2' })))]),
    );
    client.send('job.submit', { agent: 'bad' });
    const end = await ends(client);
    expect(end).toMatchObject({
      payload: { code: 'INTERNAL_ERROR', message: 'broke', retryable: true },
    });
    expect(JSON.stringify(end)).not.toMatch(/hunter2|conformance\.test/);
  });
});

describe('a session', () => {
  it('is resumed when everything was seen, and counts on (OPEN-06)', async () => {
    const runtime = host();
    const client = await session(runtime);
    client.send('job.submit', { agent: 'echo' });
    await ends(client);
    client.transport.close();
    const again = new RawClient(runtime, 'again-');
    const welcome = await again.hello({
      resume: { session_id: client.sessionId, resume_token: client.resumeToken, last_event_seq: 2 },
    });
    expect(welcome).toMatchObject({ type: 'session.welcome', session_id: client.sessionId });
    expect(welcome.payload.resume_token).not.toBe(client.resumeToken);
    again.send('job.submit', { agent: 'echo' });
    expect(await again.next()).toMatchObject({ type: 'job.accepted' });
    expect(await again.next()).toMatchObject({ event_seq: 3 });
    expect(await again.next()).toMatchObject({ event_seq: 4 });
  });

  it('loses nothing of a job that ran on without a transport, and may still cancel it (OPEN-07)', async () => {
    let go: () => void = () => undefined;
    const counting = agent('count', async (_, context) => {
      for (let at = 1; at <= 6; at += 1) await context.progress(at);
      await new Promise<void>((resolve) => (go = resolve));
      for (let at = 7; at <= 20; at += 1) await context.progress(at);
    });
    const runtime = host([counting, slow]);
    const client = await session(runtime);
    client.send('job.submit', { agent: 'count' });
    await client.next('job.event', ({ event_seq }) => event_seq === 7);
    const ids = client.received
      .filter(({ event_seq }) => event_seq === 5 || event_seq === 6)
      .map(({ id }) => id);
    client.transport.close();
    await client.closed;
    go();
    const again = new RawClient(runtime, 'again-');
    await again.hello({
      resume: { session_id: client.sessionId, resume_token: client.resumeToken, last_event_seq: 4 },
    });
    expect(await ends(again)).toMatchObject({ type: 'job.result', event_seq: 22 });
    const replayed = again.received.filter(({ event_seq }) => event_seq !== undefined);
    expect(replayed.map(({ event_seq }) => event_seq)).toEqual(
      Array.from({ length: 18 }, (_, at) => at + 5),
    );
    expect(replayed.slice(0, 2).map(({ id }) => id)).toEqual(ids);
    again.send('job.submit', { agent: 'slow' });
    const { job_id: jobId } = await again.next('job.accepted');
    again.transport.close();
    const third = new RawClient(runtime, 'third-');
    await third.hello({
      resume: { session_id: again.sessionId, resume_token: again.resumeToken, last_event_seq: 22 },
    });
    third.send('job.cancel', { job_id: jobId }, { job_id: jobId });
    expect(await ends(third)).toMatchObject({ payload: { code: 'CANCELLED' } });
  });

  it.each([
    ['another principal', { token: 'tok-bob' }, {}],
    ['a wrong token', {}, { resume_token: 'rt_wrong' }],
    ['a number that was never sent', {}, { last_event_seq: 99 }],
    ['an unknown session', {}, { session_id: 'sess_x' }],
  ])('is not resumed by %s, and stays resumable', async (_, hello, changes) => {
    const runtime = host();
    const client = await session(runtime);
    client.transport.close();
    const resume = {
      session_id: client.sessionId,
      resume_token: client.resumeToken,
      last_event_seq: 0,
    };
    const thief = new RawClient(runtime);
    expect(await thief.hello({ ...hello, resume: { ...resume, ...changes } })).toMatchObject({
      type: 'session.error',
      payload: { code: 'RESUME_WINDOW_EXPIRED', retryable: false },
    });
    await thief.closed;
    expect(await new RawClient(runtime).hello({ resume })).toMatchObject({
      type: 'session.welcome',
    });
  });

  it('stays resumable for the window after the last message, however old it is', async () => {
    const clock = manualClock();
    const runtime = host([echo], { clock, limits: { heartbeatIntervalSec: 1_000_000 } });
    const client = await session(runtime);
    for (let minute = 0; minute < 30; minute += 1) {
      await clock.advance(60_000);
      client.send('session.ping', { nonce: 'p', sent_at: 'x' });
      await client.next('session.pong');
    }
    client.transport.close();
    await clock.advance(599_000);
    const again = new RawClient(runtime, 'again-');
    expect(
      await again.hello({
        resume: {
          session_id: client.sessionId,
          resume_token: client.resumeToken,
          last_event_seq: 0,
        },
      }),
    ).toMatchObject({ type: 'session.welcome' });
    again.transport.close();
    await clock.advance(601_000);
    expect(
      await new RawClient(runtime).hello({
        resume: {
          session_id: client.sessionId,
          resume_token: again.resumeToken,
          last_event_seq: 0,
        },
      }),
    ).toMatchObject({ type: 'session.error' });
  });

  it('may carry any number of events as long as they are acknowledged (OPEN-10)', async () => {
    const runtime = host([echo], { limits: { maxBacklogEvents: 50, highWaterEvents: 40 } });
    const client = await session(runtime);
    for (let job = 0; job < 200; job += 1) {
      client.send('job.submit', { agent: 'echo' });
      const end = await ends(client);
      expect(end).toMatchObject({ type: 'job.result' });
      client.send('session.ack', { last_processed_seq: end.event_seq });
    }
    expect(client.received.filter(({ type }) => type === 'session.error')).toEqual([]);
    client.transport.close();
    const stale = new RawClient(runtime);
    expect(
      await stale.hello({
        resume: {
          session_id: client.sessionId,
          resume_token: client.resumeToken,
          last_event_seq: 1,
        },
      }),
    ).toMatchObject({ payload: { code: 'RESUME_WINDOW_EXPIRED' } });
    const again = new RawClient(runtime, 'again-');
    expect(
      await again.hello({
        resume: {
          session_id: client.sessionId,
          resume_token: client.resumeToken,
          last_event_seq: 400,
        },
      }),
    ).toMatchObject({ type: 'session.welcome' });
  });

  it('is closed in both styles while its jobs go on (OPEN-12)', async () => {
    const runtime = host();
    for (const style of ['session.close', 'session.bye']) {
      const client = await session(runtime);
      client.send('job.submit', { agent: 'slow' });
      await client.next('job.event');
      const id = client.send(style, { reason: 'done' });
      if (style === 'session.close')
        expect(await client.next()).toMatchObject({
          type: 'session.closed',
          payload: { request_id: id },
        });
      await client.closed;
      expect(runtime.statistics.runningJobs).toBeGreaterThan(0);
      const again = new RawClient(runtime, 'again-');
      expect(
        await again.hello({
          resume: {
            session_id: client.sessionId,
            resume_token: client.resumeToken,
            last_event_seq: 1,
          },
        }),
      ).toMatchObject({ type: 'session.welcome' });
    }
  });
});

describe('observers', () => {
  it('list their own jobs, filtered and in pages (OPEN-11)', async () => {
    const runtime = host();
    const client = await session(runtime);
    for (const name of ['ver@1.0.0', 'ver@1.0.0', 'ver@2.0.0']) {
      client.send('job.submit', { agent: name });
      await ends(client);
    }
    client.send('job.submit', { agent: 'slow' });
    await client.next('job.event');
    const bob = await session(runtime, { token: 'tok-bob' });
    bob.send('job.submit', { agent: 'echo' });
    await ends(bob);
    const filter = { agent: 'ver@1.0.0', status: ['success'] };
    const id = client.send('session.list_jobs', { filter, limit: 1, cursor: null });
    const first = await client.next('session.jobs');
    expect(first.payload).toMatchObject({
      request_id: id,
      jobs: [
        {
          agent: 'ver@1.0.0',
          status: 'success',
          lease: {},
          parent_job_id: null,
          created_at: expect.any(String),
          last_event_seq: 2,
        },
      ],
      next_cursor: expect.any(String),
    });
    client.send('session.list_jobs', { filter, limit: 1, cursor: first.payload.next_cursor });
    expect((await client.next('session.jobs')).payload).toMatchObject({
      jobs: [{ agent: 'ver@1.0.0', last_event_seq: 4 }],
      next_cursor: null,
    });
    client.send('session.list_jobs', { filter: { agent: 'ver' } });
    expect((await client.next('session.jobs')).payload.jobs).toHaveLength(3);
    client.send('session.list_jobs');
    expect((await client.next('session.jobs')).payload.jobs).toHaveLength(4);
    for (const payload of [
      { limit: 0 },
      { cursor: 'nonsense' },
      { filter: { created_after: 'yesterday' } },
    ]) {
      const bad = client.send('session.list_jobs', payload);
      expect(await client.next('session.error')).toMatchObject({
        payload: { code: 'INVALID_REQUEST', request_id: bad },
      });
    }
  });

  it('get history and life in order under their own numbers, and may not cancel (OPEN-15)', async () => {
    const steps: (() => void)[] = [];
    const logger = agent('logger', async (_, context) => {
      for (let at = 1; at <= 20; at += 1) {
        if (at === 11) await new Promise<void>((resolve) => steps.push(resolve));
        await context.log('info', `line ${at}`);
      }
    });
    const runtime = host([logger]);
    const owner = await session(runtime);
    owner.send('job.submit', { agent: 'logger', lease_request: { 'cost.budget': ['USD:2.00'] } });
    const { job_id: jobId } = await owner.next('job.accepted');
    await owner.next('job.event', ({ event_seq }) => event_seq === 11);
    const watcher = await session(runtime);
    const id = watcher.send('job.subscribe', { job_id: jobId, history: true, from_event_seq: 5 });
    const subscribed = await watcher.next();
    expect(subscribed).toMatchObject({
      type: 'job.subscribed',
      job_id: jobId,
      payload: {
        current_status: 'running',
        agent: 'logger',
        lease: { 'cost.budget': ['USD:2.00'] },
        budget: { USD: 2 },
        parent_job_id: null,
        replayed: true,
        request_id: id,
      },
    });
    const cancel = watcher.send('job.cancel', { reason: 'no' }, { job_id: jobId });
    expect(await watcher.next('session.error')).toMatchObject({
      payload: { code: 'PERMISSION_DENIED', request_id: cancel },
    });
    const replayedTo = Number(subscribed.payload.subscribed_from);
    steps[0]?.();
    await watcher.next('job.result');
    await owner.next('job.result');
    const payloads = (client: RawClient) =>
      client.received.filter(({ event_seq }) => event_seq !== undefined);
    const seen = payloads(watcher);
    expect(seen.map(({ event_seq }) => event_seq)).toEqual(seen.map((_, at) => at + 1));
    expect(seen.map(({ payload }) => payload)).toEqual(
      payloads(owner)
        .filter(({ event_seq }) => event_seq! > 5)
        .map(({ payload }) => payload),
    );
    expect(seen[replayedTo]).toMatchObject({ payload: { body: { message: 'line 11' } } });
    const bob = await session(runtime, { token: 'tok-bob' });
    const denied = bob.send('job.subscribe', { job_id: jobId, history: true });
    expect(await bob.next()).toMatchObject({
      type: 'session.error',
      payload: { code: 'JOB_NOT_FOUND', request_id: denied },
    });
  });
});

describe('leases', () => {
  it('count a budget to its end and refuse the next operation (OPEN-18)', async () => {
    const caught: string[] = [];
    const spend = agent('spend', async (_, context) => {
      for (const cost of [0.42, 0.7, 0]) {
        try {
          await context.toolCall('search.web', { q: 'x' });
          await context.metric('cost.search', cost, { unit: 'USD' });
        } catch (error) {
          caught.push((error as { code: string }).code);
        }
      }
      await context
        .metric('cost.search', -1, { unit: 'USD' })
        .catch((error: { code: string }) => caught.push(error.code));
      return 'done';
    });
    const client = await session(host([spend]));
    client.send('job.submit', {
      agent: 'spend',
      lease_request: { 'tool.call': ['search.*'], 'cost.budget': ['USD:1.00'] },
    });
    expect((await client.next('job.accepted')).payload.budget).toEqual({ USD: 1 });
    expect(await ends(client)).toMatchObject({ payload: { result: 'done' } });
    const events = client.received
      .filter(({ type }) => type === 'job.event')
      .map(
        ({ payload }) =>
          payload as { kind: string; body: { name?: string; value?: number; error?: object } },
      );
    expect(events.map(({ kind }) => kind)).toEqual([
      'status',
      'tool_call',
      'metric',
      'metric',
      'tool_call',
      'metric',
      'metric',
      'tool_result',
    ]);
    expect(
      events
        .filter(({ body }) => body.name === 'cost.budget.remaining')
        .map(({ body }) => body.value),
    ).toEqual([0.58, -0.12]);
    expect(events.at(-1)?.body).toMatchObject({
      call_id: expect.any(String),
      error: { code: 'BUDGET_EXHAUSTED', retryable: false, details: { currency: 'USD' } },
    });
    expect(caught).toEqual(['BUDGET_EXHAUSTED', 'INVALID_REQUEST']);
  });

  it('expire when they say so, and only real future instants are accepted (OPEN-19)', async () => {
    const clock = manualClock({ nowMs: Date.UTC(2026, 0, 1) });
    let wake: () => void = () => undefined;
    const late = agent('late', async (_, context) => {
      await new Promise<void>((resolve) => (wake = resolve));
      await context.toolCall('search.web').catch(() => undefined);
      return 'never seen';
    });
    const client = await session(host([echo, late], { clock }));
    for (const expiresAt of [
      '2020-01-01T00:00:00Z',
      '2999-01-01T00:00:00+00:00',
      'tomorrow',
      '2999-02-31T00:00:00Z',
    ]) {
      const id = client.send('job.submit', {
        agent: 'echo',
        lease_constraints: { expires_at: expiresAt },
      });
      expect(await client.next()).toMatchObject({
        type: 'job.error',
        payload: { code: 'INVALID_REQUEST', request_id: id },
      });
    }
    client.send('job.submit', {
      agent: 'echo',
      lease_constraints: { expires_at: new Date(clock.now() + 40 * 86_400_000).toISOString() },
    });
    expect(await ends(client)).toMatchObject({ type: 'job.result' });
    client.send('job.submit', {
      agent: 'late',
      lease_request: { 'tool.call': ['search.*'] },
      lease_constraints: { expires_at: new Date(clock.now() + 400).toISOString() },
    });
    await client.next('job.event');
    await clock.advance(600);
    wake();
    expect(await client.next('job.event')).toMatchObject({
      payload: {
        kind: 'tool_result',
        body: { error: { code: 'LEASE_EXPIRED', retryable: false } },
      },
    });
    expect(await ends(client)).toMatchObject({
      payload: { final_status: 'error', code: 'LEASE_EXPIRED', retryable: false },
    });
  });

  it('are delegated in part only, with the budget set aside (OPEN-21)', async () => {
    const outcomes: string[] = [];
    const parent = agent('parent', async (_, context) => {
      const attempts = [
        ['slow', { lease: { 'fs.read': ['/ws/src/**'], 'cost.budget': ['USD:4.00'] } }],
        ['slow', { lease: { 'cost.budget': ['USD:2.00'] } }],
        ['slow', { lease: { 'fs.read': ['/etc/**'] } }],
        ['logger', {}],
      ] as const;
      for (const [name, options] of attempts) {
        await context.delegate(name, null, options).then(
          () => outcomes.push('ok'),
          (error: { code: string }) => outcomes.push(error.code),
        );
      }
      return null;
    });
    const client = await session(host([parent, slow, agent('logger', () => null)]));
    client.send('job.submit', {
      agent: 'parent',
      lease_request: {
        'fs.read': ['/ws/**'],
        'agent.delegate': ['slow'],
        'cost.budget': ['USD:5.00'],
      },
    });
    const accepted = await client.next('job.accepted');
    const delegated = await client.next('job.event', ({ payload }) => payload.kind === 'delegate');
    const child = await client.next('job.accepted');
    expect(child).toMatchObject({
      trace_id: accepted.trace_id,
      payload: {
        parent_job_id: accepted.job_id,
        delegate_id: (delegated.payload.body as { delegate_id: string }).delegate_id,
        lease: { 'fs.read': ['/ws/src/**'], 'cost.budget': ['USD:4.00'] },
        budget: { USD: 4 },
      },
    });
    await client.next('job.result', ({ job_id }) => job_id === accepted.job_id);
    await client.next('job.error', ({ job_id }) => job_id === child.job_id).catch(() => undefined);
    expect(outcomes).toEqual([
      'ok',
      'LEASE_SUBSET_VIOLATION',
      'LEASE_SUBSET_VIOLATION',
      'PERMISSION_DENIED',
    ]);
    const results = client.received
      .filter(({ payload }) => payload.kind === 'tool_result')
      .map(({ payload }) => (payload.body as { error: { code: string } }).error.code);
    expect(results).toEqual([
      'LEASE_SUBSET_VIOLATION',
      'LEASE_SUBSET_VIOLATION',
      'PERMISSION_DENIED',
    ]);
    const numbers = client.received.flatMap(({ event_seq }) => event_seq ?? []);
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  });
});
