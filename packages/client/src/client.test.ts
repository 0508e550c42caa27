import type { JobEvent } from '@engramkit/arcp';
import { afterEach, describe, expect, it } from 'vitest';
import { type Connection, ScriptedRuntime, welcome } from '../test/scripted-runtime.js';
import type { ArcpClient, ClientOptions } from './index.js';

const open: ArcpClient[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
});

async function start(
  script?: ConstructorParameters<typeof ScriptedRuntime>[0],
  options: Partial<ClientOptions> = {},
): Promise<{ client: ArcpClient; runtime: ScriptedRuntime; connection: Connection }> {
  const runtime = new ScriptedRuntime(script);
  const client = await runtime.connect(options);
  open.push(client);
  return { client, runtime, connection: await runtime.connection(1) };
}

const closes = (
  frame: { readonly type: string; readonly id: string },
  connection: Connection,
): void => {
  if (frame.type === 'session.hello') welcome(connection);
  if (frame.type === 'session.close') connection.send('session.closed', { request_id: frame.id });
};

const collect = async (events: AsyncIterable<JobEvent>): Promise<JobEvent[]> => {
  const all: JobEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
};

describe('answers find their request', () => {
  const nth = (connection: Connection, input: string) =>
    connection.next('job.submit', (frame) => frame.payload.input === input);

  it.each(['request_id', 'reply_to', 'trace_id', 'order'])('by %s', async (way) => {
    const { client, connection } = await start(closes);
    const both = [client.submit('echo', 'A'), client.submit('echo', 'B')];
    const submits = [await nth(connection, 'A'), await nth(connection, 'B')];
    const order = way === 'order' ? [0, 1] : [1, 0];
    for (const at of order) {
      const submit = submits[at]!;
      const correlated = way === 'request_id' || way === 'reply_to';
      connection.send(
        'job.accepted',
        {
          job_id: `job_${'AB'[at]}`,
          lease: {},
          accepted_at: '2026-05-13T19:30:00Z',
          ...(correlated ? { [way]: submit.id } : {}),
        },
        {
          job_id: `job_${'AB'[at]}`,
          ...(way === 'trace_id' ? { trace_id: submit.trace_id! } : {}),
        },
      );
    }
    expect((await Promise.all(both)).map((handle) => handle.id)).toEqual(['job_A', 'job_B']);
  });

  it("never takes a delegated child's acceptance for an answer", async () => {
    const { client, connection } = await start(closes);
    const children: string[] = [];
    client.on('delegated', (child, parent) => children.push(`${parent}>${child.id}`));
    const submitted = client.submit('echo', 'A');
    const submit = await connection.next('job.submit');
    connection.send(
      'job.accepted',
      { job_id: 'job_c', parent_job_id: 'job_p', lease: {} },
      { job_id: 'job_c' },
    );
    connection.accept(submit, 'job_1');
    expect((await submitted).id).toBe('job_1');
    expect(children).toEqual(['job_p>job_c']);
  });

  it('fails one submit for an uncorrelated session error, and no running job', async () => {
    const { client, connection } = await start(closes);
    const errors: string[] = [];
    client.on('error', (error) => errors.push(error.code));
    const running = client.submit('echo', 'A');
    connection.accept(await connection.next('job.submit'), 'job_1');
    const handle = await running;
    const refused = client.submit('ver@9');
    await connection.next('job.submit', (frame) => frame.payload.agent === 'ver@9');
    connection.send('session.error', {
      code: 'AGENT_VERSION_NOT_AVAILABLE',
      message: 'no',
      retryable: false,
    });
    await expect(refused).rejects.toMatchObject({
      code: 'AGENT_VERSION_NOT_AVAILABLE',
      retryable: false,
    });
    connection.send('session.error', {
      code: 'RATE_LIMITED',
      message: 'slow down',
      retryable: true,
    });
    connection.result('job_1', 1, 'fine');
    await expect(handle.result()).resolves.toBe('fine');
    expect(errors).toEqual(['AGENT_VERSION_NOT_AVAILABLE', 'RATE_LIMITED']);
  });

  it('gives a DUPLICATE_KEY that carries the existing job to the submit with a key', async () => {
    const { client, connection } = await start(closes);
    const first = client.submit('echo', 1, { idempotencyKey: 'k' });
    connection.accept(await connection.next('job.submit'), 'job_1');
    const handle = await first;
    const second = client.submit('echo', 2, { idempotencyKey: 'k' });
    await connection.next('job.submit', (frame) => frame.payload.input === 2);
    connection.send(
      'job.error',
      {
        final_status: 'error',
        code: 'DUPLICATE_KEY',
        message: 'other parameters',
        retryable: false,
      },
      { job_id: 'job_1', event_seq: 1 },
    );
    await expect(second).rejects.toMatchObject({ code: 'DUPLICATE_KEY' });
    expect(handle.ended).toBe(false);
    connection.result('job_1', 2, 1);
    await expect(handle.result()).resolves.toBe(1);
  });

  it('answers a subscribe to a missing job by the job it names, and no submit', async () => {
    const { client, connection } = await start(closes);
    const subscribed = client.subscribe('job_x');
    const submitted = client.submit('echo');
    const submit = await connection.next('job.submit');
    connection.send(
      'job.error',
      { final_status: 'error', code: 'JOB_NOT_FOUND', message: 'no such job', retryable: false },
      { job_id: 'job_x', event_seq: 1 },
    );
    await expect(subscribed).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    connection.accept(submit, 'job_1');
    expect((await submitted).id).toBe('job_1');
  });

  it('completes both handles of one job', async () => {
    const { client, connection } = await start(closes);
    const first = client.submit('echo', 1, { idempotencyKey: 'k' });
    const one = await connection.next('job.submit');
    connection.accept(one, 'job_1');
    const second = client.submit('echo', 1, { idempotencyKey: 'k' });
    connection.accept(await connection.next('job.submit', (frame) => frame.id !== one.id), 'job_1');
    const handles = await Promise.all([first, second]);
    connection.result('job_1', 1, 'both');
    expect(await Promise.all(handles.map((handle) => handle.result()))).toEqual(['both', 'both']);
  });
});

describe('a lost connection', () => {
  it('after a gap is resumed from the last number without a hole, and nothing is seen twice', async () => {
    const { client, runtime, connection } = await start(closes);
    const submitted = client.submit('echo');
    connection.accept(await connection.next('job.submit'), 'job_1');
    const handle = await submitted;
    const seen = collect(handle.events);
    connection.event('job_1', 1, 'log', { message: '1' });
    connection.event('job_1', 2, 'log', { message: '2' });
    connection.event('job_1', 4, 'log', { message: '4' });
    const again = await runtime.connection(2);
    const hello = await again.next('session.hello');
    expect(hello.payload.resume).toEqual({
      session_id: 'sess_1',
      resume_token: 'rt_1',
      last_event_seq: 2,
    });
    for (const sequence of [3, 4, 4])
      again.event('job_1', sequence, 'log', { message: String(sequence) });
    again.result('job_1', 5, 'done');
    expect((await seen).map((event) => event.raw.message)).toEqual(['1', '2', '3', '4']);
    for (const frame of connection.received.filter(({ type }) => type === 'session.ack')) {
      expect(frame.payload.last_processed_seq).toBeLessThanOrEqual(2);
    }
  });

  it('that cannot be resumed finds jobs with a key again and loses the others by name', async () => {
    const { client, runtime, connection } = await start((frame, at) => {
      if (frame.type === 'session.close')
        at.send('session.closed', { request_id: frame.id }, { session_id: `sess_${at.number}` });
      if (frame.type !== 'session.hello') return;
      if (frame.payload.resume === undefined) welcome(at, {}, `sess_${at.number}`);
      else
        at.send('session.error', {
          code: 'RESUME_WINDOW_EXPIRED',
          message: 'too late',
          retryable: false,
        });
    });
    const pending = [client.submit('echo', 1, { idempotencyKey: 'k' }), client.submit('echo', 2)];
    connection.accept(
      await connection.next('job.submit', (frame) => frame.payload.input === 1),
      'job_1',
    );
    connection.accept(
      await connection.next('job.submit', (frame) => frame.payload.input === 2),
      'job_2',
    );
    const [keyed, unkeyed] = (await Promise.all(pending)) as [
      Awaited<(typeof pending)[0]>,
      Awaited<(typeof pending)[1]>,
    ];
    connection.cut();
    const fresh = await runtime.connection(3);
    const repeated = await fresh.next('job.submit');
    expect(repeated).toMatchObject({
      session_id: 'sess_3',
      payload: { input: 1, idempotency_key: 'k' },
    });
    await expect(unkeyed.outcome).rejects.toMatchObject({
      code: 'SESSION_LOST',
      details: { job_id: 'job_2' },
    });
    fresh.accept(repeated, 'job_1', {}, { session_id: 'sess_3' });
    fresh.send(
      'job.result',
      { final_status: 'success', result: 'kept' },
      { session_id: 'sess_3', job_id: 'job_1', event_seq: 1 },
    );
    await expect(keyed.result()).resolves.toBe('kept');
  });

  it('does not hang requests that were under way: they are sent again', async () => {
    const { client, runtime, connection } = await start(closes);
    const listed = collectJobs(client);
    await connection.next('session.list_jobs');
    connection.cut();
    const again = await runtime.connection(2);
    const request = await again.next('session.list_jobs');
    again.send('session.jobs', {
      request_id: request.id,
      jobs: [{ job_id: 'j', agent: 'echo', status: 'running' }],
      next_cursor: null,
    });
    expect(await listed).toEqual(['j']);
  });

  it('before the acceptance loses no event that is replayed before the acceptance is sent again', async () => {
    const { client, runtime, connection } = await start(closes);
    const submitted = client.submit('echo');
    const submit = await connection.next('job.submit');
    connection.cut();
    const again = await runtime.connection(2);
    await again.next('session.hello');
    again.event('job_1', 1, 'log', { message: 'first' });
    again.result('job_1', 2, 'done');
    const repeated = await again.next('job.submit');
    expect(repeated.id).toBe(submit.id);
    again.accept(repeated, 'job_1');
    const handle = await submitted;
    expect(await handle.result()).toBe('done');
    expect((await collect(handle.events)).map((event) => event.raw.message)).toEqual(['first']);
  });

  it('settles everything when the client does not reconnect', async () => {
    const { client, connection } = await start(closes, { reconnect: false });
    const submitted = client.submit('echo');
    connection.accept(await connection.next('job.submit'), 'job_1');
    const handle = await submitted;
    const waiting = client.submit('echo', 'never');
    await connection.next('job.submit', (frame) => frame.payload.input === 'never');
    connection.cut();
    await expect(handle.outcome).rejects.toMatchObject({ code: 'SESSION_LOST', retryable: true });
    await expect(waiting).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
    await expect(collect(handle.events)).resolves.toEqual([]);
    await expect(client.submit('echo')).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });
});

const collectJobs = async (client: ArcpClient): Promise<string[]> => {
  const ids: string[] = [];
  for await (const job of client.jobs()) ids.push(job.jobId);
  return ids;
};

describe('the handshake', () => {
  it('reports a wrong token at once and shows it nowhere', async () => {
    const runtime = new ScriptedRuntime((_, connection) =>
      connection.send('session.error', {
        code: 'UNAUTHENTICATED',
        message: 'no',
        retryable: false,
      }),
    );
    const failure = await runtime.connect({ token: 'hunter2' }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(JSON.stringify(failure)).not.toContain('hunter2');
  });

  it('gives up when told to, also while it waits', async () => {
    const runtime = new ScriptedRuntime(() => undefined);
    const stop = new AbortController();
    const connecting = runtime.connect({ signal: stop.signal });
    await (await runtime.connection(1)).next('session.hello');
    stop.abort(new Error('enough'));
    await expect(connecting).rejects.toThrow('enough');
  });

  it('refuses locally what was not negotiated, and sends nothing', async () => {
    const { client, connection } = await start((frame, at) => {
      if (frame.type === 'session.hello') {
        welcome(at, { capabilities: { encodings: ['json'], features: ['ack'], agents: [] } });
      }
      if (frame.type === 'session.close') at.send('session.closed', { request_id: frame.id });
    });
    await expect(client.submit('ver@1')).rejects.toMatchObject({ code: 'FEATURE_NOT_NEGOTIATED' });
    await expect(
      client.submit('ver', 1, { lease: { 'cost.budget': ['USD:1'] } }),
    ).rejects.toMatchObject({
      code: 'FEATURE_NOT_NEGOTIATED',
    });
    await expect(client.subscribe('job_1')).rejects.toMatchObject({
      code: 'FEATURE_NOT_NEGOTIATED',
    });
    await expect(collectJobs(client)).rejects.toMatchObject({ code: 'FEATURE_NOT_NEGOTIATED' });
    expect(connection.received.map(({ type }) => type)).toEqual(['session.hello']);
  });
});

describe('the events of a job', () => {
  it('put a streamed result together', async () => {
    const { client, connection } = await start(closes);
    const submitted = client.submit('chunks');
    connection.accept(await connection.next('job.submit'), 'job_1');
    const handle = await submitted;
    const chunk = (seq: number, data: string, encoding: string, more: boolean): void =>
      connection.event('job_1', seq + 1, 'result_chunk', {
        result_id: 'res_1',
        chunk_seq: seq,
        data,
        encoding,
        more,
      });
    chunk(0, 'naïve ', 'utf8', true);
    chunk(1, '8J+agA==', 'base64', true);
    chunk(2, '', 'utf8', false);
    connection.send(
      'job.result',
      { final_status: 'success', result_id: 'res_1', result_size: 11, summary: '3' },
      { job_id: 'job_1', event_seq: 4 },
    );
    expect(new TextDecoder().decode(await handle.bytes())).toBe('naïve 🚀');
    expect(await handle.outcome).toEqual({ status: 'success', summary: '3' });
  });

  it('are acknowledged only as far as the reader came', async () => {
    const { client, connection } = await start(closes);
    const submitted = client.submit('echo');
    connection.accept(await connection.next('job.submit'), 'job_1');
    const reader = (await submitted).events[Symbol.asyncIterator]();
    const first = reader.next();
    for (let sequence = 1; sequence <= 100; sequence += 1)
      connection.event('job_1', sequence, 'log', { message: 'x' });
    await first;
    for (let read = 1; read < 50; read += 1) await reader.next();
    const acks = connection.received
      .filter(({ type }) => type === 'session.ack')
      .map(({ payload }) => payload.last_processed_seq as number);
    expect(Math.max(...acks)).toBeLessThan(50);
    expect(Math.max(...acks)).toBeGreaterThanOrEqual(32);
    await reader.return?.();
  });

  it('reach listeners, and a listener that throws stops nothing', async () => {
    const { client, connection } = await start(closes);
    const failures: string[] = [];
    client.on('event', () => {
      throw new Error('listener');
    });
    client.on('listenerFailed', ({ event }) => failures.push(event));
    const submitted = client.submit('echo');
    connection.accept(await connection.next('job.submit'), 'job_1');
    const handle = await submitted;
    connection.event('job_1', 1, 'log', { message: 'x' });
    connection.result('job_1', 2, 'ok');
    await expect(handle.result()).resolves.toBe('ok');
    expect(failures).toEqual(['event']);
  });
});

describe('cancelling', () => {
  it('ends the handle by the terminal, once', async () => {
    const { client, connection } = await start(closes);
    const submitted = client.submit('slow');
    connection.accept(await connection.next('job.submit'), 'job_1');
    const handle = await submitted;
    const cancelled = handle.cancel({ reason: 'user' });
    const request = await connection.next('job.cancel');
    expect(request).toMatchObject({
      job_id: 'job_1',
      payload: { job_id: 'job_1', reason: 'user' },
    });
    connection.send('job.cancelled', { request_id: request.id }, { job_id: 'job_1' });
    await cancelled;
    expect(handle.ended).toBe(false);
    connection.send(
      'job.error',
      { final_status: 'cancelled', code: 'CANCELLED', message: 'stopped', retryable: false },
      { job_id: 'job_1', event_seq: 1 },
    );
    await expect(handle.outcome).resolves.toMatchObject({ status: 'cancelled' });
    await expect(handle.result()).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(handle.cancel()).resolves.toBeUndefined();
  });

  it('happens when the signal of the submit aborts, before and after the acceptance', async () => {
    const { client, connection } = await start(closes);
    const early = new AbortController();
    const first = client.submit('slow', 1, { signal: early.signal });
    const submit = await connection.next('job.submit');
    early.abort(new Error('changed my mind'));
    await expect(first).rejects.toThrow('changed my mind');
    connection.accept(submit, 'job_1');
    await connection.next('job.cancel', (frame) => frame.job_id === 'job_1');
    const late = new AbortController();
    const second = client.submit('slow', 2, { signal: late.signal });
    connection.accept(
      await connection.next('job.submit', (frame) => frame.payload.input === 2),
      'job_2',
    );
    await second;
    late.abort();
    await connection.next('job.cancel', (frame) => frame.job_id === 'job_2');
  });
});

describe('the Ruby gem 1.0.0 as runtime', () => {
  it('is understood, and closed in its own way', async () => {
    const { client, connection } = await start(
      (frame, at) => {
        if (frame.type !== 'session.hello' || frame.session_id === undefined) return;
        at.send(
          'session.welcome',
          {
            runtime_name: 'arcp-runtime',
            runtime_version: '1.0.0',
            capabilities: {
              features: ['heartbeat', 'ack', 'list_jobs', 'subscribe'],
              encodings: [],
              agents: [{ name: 'echo', versions: ['1.0.0'], default: '1.0.0' }],
            },
            heartbeat_interval_sec: 30,
            resume_token: 'abc',
            resume_window_sec: 300,
          },
          { session_id: frame.session_id },
        );
      },
      { compat: 'auto' },
    );
    const sessionId = client.session.id;
    expect(client.session.dialect).toBe('seed');
    for (const jobId of ['job_1', 'job_2']) {
      const submitted = client.submit('echo', jobId);
      const submit = await connection.next('job.submit', (frame) => frame.payload.input === jobId);
      connection.send(
        'job.accepted',
        {
          job_id: jobId,
          agent: 'echo@1.0.0',
          accepted_at: '2026-05-13T19:30:00Z',
          reply_to: submit.id,
          lease: { id: 'l', capabilities: ['tool.call'], issued_at: '2026-05-13T19:30:00Z' },
        },
        { session_id: sessionId, job_id: jobId },
      );
      const handle = await submitted;
      expect(handle).toMatchObject({ agent: 'echo@1.0.0', lease: { 'tool.call': ['**'] } });
      connection.send(
        'job.event',
        { kind: 'trace_span', body: { span_id: 'a1', name: 'step' } },
        { session_id: sessionId, job_id: jobId, event_seq: 1 },
      );
      const cancelled = handle.cancel();
      expect(
        (await connection.next('job.cancel', (frame) => frame.job_id === jobId)).payload.job_id,
      ).toBe(jobId);
      connection.send(
        'job.result',
        { job_id: jobId, final_status: 'success', result: { echoed: 1 } },
        { session_id: sessionId, job_id: jobId },
      );
      await cancelled;
      expect(await handle.result()).toEqual({ echoed: 1 });
      expect((await collect(handle.events)).map(({ kind, tsMs }) => [kind, tsMs > 0])).toEqual([
        ['trace_span', true],
      ]);
    }
    await client.close();
    expect(connection.received.map(({ type }) => type)).toContain('session.bye');
    expect(connection.received.map(({ type }) => type)).not.toContain('session.close');
  });

  it('is not asked to narrow what it cannot narrow', async () => {
    const { client } = await start(
      (frame, at) => {
        if (frame.type === 'session.hello') {
          at.send(
            'session.welcome',
            { runtime_name: 'r', runtime_version: '1', capabilities: { features: [] } },
            { session_id: 's' },
          );
        }
      },
      { compat: 'auto' },
    );
    await expect(
      client.submit('echo', 1, { lease: { 'fs.read': ['/ws/**'] } }),
    ).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });
});
