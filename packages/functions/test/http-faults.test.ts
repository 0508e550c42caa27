import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { memoryIdempotencyStore } from '@engramkit/ids';
import { afterEach, describe, expect, it } from 'vitest';
import {
  defineFunction,
  EchoFunction,
  FunctionRegistry,
  FunctionRuntime,
  type FunctionsServer,
  memoryChronicle,
  type ServeFunctionsOptions,
  serveFunctions,
} from '../src/index.js';
import { pick } from './pick.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** What the tests steer handlers with. */
interface Gate {
  readonly begun: Promise<AbortSignal>;
  readonly release: (value: unknown) => void;
}

async function start(options: ServeFunctionsOptions = {}) {
  let begin: (signal: AbortSignal) => void = () => undefined;
  let release: (value: unknown) => void = () => undefined;
  const begun = new Promise<AbortSignal>((resolve) => {
    begin = resolve;
  });
  const held = new Promise<unknown>((resolve) => {
    release = resolve;
  });
  let holds = 0;
  const hold = defineFunction(
    { function_id: 'hold', gsap_required: false },
    async (_e, _c, { signal }) => {
      holds += 1;
      begin(signal);
      return held;
    },
  );
  const registry = new FunctionRegistry();
  registry.register(new EchoFunction());
  registry.register(hold);
  registry.register(
    defineFunction({ function_id: 'context', gsap_required: false }, (_e, context) => context),
  );
  const chronicle = memoryChronicle();
  const runtime = new FunctionRuntime(registry, chronicle, {
    idempotency: { store: memoryIdempotencyStore() },
    graceMs: 50,
  });
  const server = await serveFunctions(runtime, {
    port: 0,
    maxBodyBytes: 10_000,
    drainMs: 5_000,
    ...options,
  });
  open.push(() => server.close());
  const gate: Gate = { begun, release };
  return { server, runtime, chronicle, gate, holds: () => holds };
}

/** Sends bytes, collects what comes back until the other side closes. */
async function raw(
  server: FunctionsServer,
  ...parts: readonly (string | Uint8Array)[]
): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  open.push(() => socket.destroy());
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  for (const part of parts) socket.write(part);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

const head = (path: string, ...headers: readonly string[]) =>
  [`POST ${path} HTTP/1.1`, 'host: localhost', ...headers, '', ''].join('\r\n');
const json = 'content-type: application/json';

function post(
  server: FunctionsServer,
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
) {
  return fetch(`${server.url}${path}`, {
    method: 'POST',
    body: body as string,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

describe('H17: bodies that are not what they should be', () => {
  it.each<[string, string | Uint8Array, Record<string, string>, number]>([
    ['truncated JSON', '{"event":{', {}, 400],
    ['invalid UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), {}, 400],
    ['duplicate keys', '{"event":1,"event":2}', {}, 400],
    ['a depth of 100 000 in a larger limit', '['.repeat(9_999), {}, 400],
    ['__proto__', '{"event":{"__proto__":{"admin":true}}}', {}, 400],
    ['an escaped __proto__', '{"event":{"__prot\\u006f__":1}}', {}, 400],
    ['NaN', '{"event":NaN}', {}, 400],
    ['too many bytes', `{"event":"${'x'.repeat(10_000)}"}`, {}, 413],
    ['a gzip bomb', gzipSync(Buffer.alloc(1_000_000)), { 'content-encoding': 'gzip' }, 415],
    ['another media type', '{}', { 'content-type': 'text/plain' }, 415],
    ['another charset', '{}', { 'content-type': 'application/json; charset=utf-16' }, 415],
  ])('%s: a problem, and the handler never runs', async (_what, body, headers, status) => {
    const { server, chronicle } = await start();
    const reply = await post(server, '/functions/echo/invoke', body, headers);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json',
    ]);
    expect(chronicle.list()).toEqual([]);
    expect(await reply.json()).toMatchObject({ status });
  });

  it('a depth of 100 000 is refused without a deep stack', async () => {
    const { server } = await start({ maxBodyBytes: 1_000_000 });
    const reply = await post(server, '/functions/echo/invoke', `{"event":${'['.repeat(100_000)}`);
    expect(await reply.json()).toMatchObject({ status: 400, code: 'JSON_TOO_DEEP' });
  });

  it('a chunked body is ended at the limit, and so is the connection', async () => {
    const { server } = await start();
    const chunk = `${(4_096).toString(16)}\r\n${'x'.repeat(4_096)}\r\n`;
    const answer = await raw(
      server,
      head('/functions/echo/invoke', json, 'transfer-encoding: chunked'),
      chunk,
      chunk,
      chunk,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it('a body that comes too slowly is ended with 408', async () => {
    const { server } = await start({ bodyTimeoutMs: 100 });
    const answer = await raw(
      server,
      head('/functions/echo/invoke', json, 'content-length: 100'),
      '{"event"',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('BODY_TOO_SLOW');
  });

  it('headers that come too slowly are ended with 408', async () => {
    const { server } = await start({ headersTimeoutMs: 100 });
    expect(await raw(server, 'POST /functions/echo/invoke HTTP/1.1\r\nhost: localh')).toMatch(
      /^HTTP\/1\.1 408 /,
    );
  });

  it('what is no HTTP, has two lengths, or has headers without end gets a problem', async () => {
    const { server } = await start();
    expect(await raw(server, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*problem\+json/s);
    const two = head('/functions/echo/invoke', json, 'content-length: 2', 'content-length: 3');
    expect(await raw(server, two, '{}')).toMatch(/^HTTP\/1\.1 400 /);
    const long = head('/functions/echo/invoke', `x: ${'y'.repeat(40_000)}`);
    expect(await raw(server, long)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('a client that ends in the middle of its body leaves nothing behind', async () => {
    const { server } = await start();
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`${head('/functions/echo/invoke', json, 'content-length: 100')}{`);
    await once(socket, 'connect');
    while (server.inFlight === 0) await fetch(`${server.url}/livez`);
    socket.destroy();
    while (server.inFlight > 0) await fetch(`${server.url}/livez`).then((reply) => reply.text());
    expect((await server.close()).abandoned).toBe(0);
  });
});

describe('H18: CloudEvents', () => {
  it('with a wrong specversion in both modes are refused; a batch of 10 000 is refused with the limit', async () => {
    const { server, chronicle } = await start({ maxBodyBytes: 2_000_000 });
    const event = { specversion: '9.9', id: '1', source: '/s', type: 'ECHO' };
    const send = (body: unknown, type: string, headers = {}) =>
      post(server, '/functions/dispatch', JSON.stringify(body), {
        'content-type': type,
        ...headers,
      });
    const wrong = await send(event, 'application/cloudevents+json');
    expect([wrong.status, pick(await wrong.json(), 'details')]).toEqual([
      400,
      { attribute: 'specversion' },
    ]);
    const missing = await send({}, 'application/json', {
      'ce-specversion': '1.0',
      'ce-type': 'ECHO',
      'ce-source': '/s',
    });
    expect([missing.status, pick(await missing.json(), 'details')]).toEqual([
      400,
      { attribute: 'id' },
    ]);
    const many = Array(10_000).fill({ ...event, specversion: '1.0' });
    const batch = await send(many, 'application/cloudevents-batch+json');
    expect([batch.status, pick(await batch.json(), 'detail')]).toEqual([
      400,
      'The batch has 10000 events; at most 100 are taken.',
    ]);
    expect(chronicle.list()).toEqual([]);
  });
});

describe('H19: names of query and headers', () => {
  it('never touch the members of the context', async () => {
    const { server } = await start();
    const evil =
      '?body=evil&method=X&__proto__=1&constructor=2&gsap_context_id=stolen&invocation_id=mine';
    const reply = await post(server, `/functions/context/invoke${evil}`, '{}', {
      constructor: 'x',
      body: 'evil',
      gsap_context_id: 'stolen',
      'ce-type': 'x',
    });
    const data = pick(await reply.json(), 'data');
    const id = pick(data, 'invocation_id');
    expect(data).toEqual({
      trigger_event_kind: '',
      trigger_event_cid: '',
      chronicle_session_id: '',
      gsap_context_id: '',
      invocation_id: id,
      pipeline_run_id: '',
    });
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });
});

describe('H20: a client that disconnects', () => {
  it('aborts the signal with the reason, and the result is kept for its key', async () => {
    const { server, runtime, gate, holds } = await start();
    const socket = connect(server.port, '127.0.0.1');
    socket.write(
      `${head('/functions/hold/invoke', json, 'content-length: 2', 'idempotency-key: k')}{}`,
    );
    const signal = await gate.begun;
    socket.destroy();
    if (!signal.aborted) await once(signal, 'abort');
    expect(signal.reason).toMatchObject({
      code: 'DISCONNECTED',
      details: { reason: 'disconnect' },
    });
    gate.release('late');
    const again = await runtime.invoke('hold', {}, {}, { idempotencyKey: 'k' });
    expect(again).toMatchObject({ success: true, data: 'late', metadata: { replayed: true } });
    expect(holds()).toBe(1);
  });
});

describe('the server', () => {
  it('answers all that is in flight when it drains, and says that it is not ready', async () => {
    const { server, gate } = await start();
    const calls = Array.from({ length: 50 }, () => post(server, '/functions/hold/invoke', '{}'));
    await gate.begun;
    while (server.inFlight < 50) await new Promise((resolve) => setImmediate(resolve));
    const idle = await openSocket(server);
    const closing = server.close();
    gate.release('answered');
    const bodies = await Promise.all(calls.map(async (call) => (await call).json()));
    expect(bodies.every((body) => pick(body, 'data') === 'answered')).toBe(true);
    expect(await closing).toEqual({ abandoned: 0 });
    idle.destroy();
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow();
  });

  it('ends what does not end by itself, and says how much that was', async () => {
    const { server, gate } = await start({ drainMs: 50 });
    const call = post(server, '/functions/hold/invoke', '{}').catch(() => 'reset');
    const signal = await gate.begun;
    expect(await server.close()).toEqual({ abandoned: 1 });
    expect(signal.aborted).toBe(true);
    expect(await call).toBe('reset');
  });

  it('names a port that is in use, and one that is none', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    open.push(() => taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await expect(start({ port })).rejects.toMatchObject({ code: 'PORT_IN_USE', details: { port } });
    await expect(start({ port: Number('abc') })).rejects.toMatchObject({ code: 'PORT_INVALID' });
  });

  it('asks for authentication beyond this machine, and answers no other names on it', async () => {
    await expect(start({ host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'AUTHENTICATION_REQUIRED',
    });
    const { server } = await start();
    const rebound = await raw(
      server,
      'GET /functions/ HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n',
    );
    expect(rebound).toMatch(/^HTTP\/1\.1 421 /);
  });
});

async function openSocket(server: FunctionsServer): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}
