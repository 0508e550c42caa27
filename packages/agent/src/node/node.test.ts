import { connect as connectTcp } from 'node:net';
import { PassThrough } from 'node:stream';
import { lineTransport } from '@engramkit/arcp';
import { connectNodeWebSocket } from '@engramkit/arcp/node';
import { connect } from '@engramkit/client';
import { afterEach, describe, expect, it } from 'vitest';
import { createArcpRuntime, defineAgent, staticTokens } from '../index.js';
import { type ArcpServer, type ListenOptions, listenArcp, serveStdio } from '../node.js';

const owned: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of owned.splice(0).reverse()) await end();
});

const makeRuntime = () =>
  createArcpRuntime({
    agents: [
      defineAgent({ name: 'echo', handler: (input) => ({ echoed: input ?? null }) }),
      defineAgent({
        name: 'chunks',
        async handler(_, context) {
          const writer = context.streamResult();
          await writer.write('naïve ');
          await writer.write(new TextEncoder().encode('🚀'));
          await writer.end({ summary: '2 writes' });
        },
      }),
    ],
    authenticate: staticTokens({ tok: 'alice' }),
  });

async function serve(options: ListenOptions = {}): Promise<ArcpServer> {
  const server = await listenArcp(makeRuntime(), options);
  owned.push(() => server.close({ drainMs: 0 }));
  return server;
}

const upgrade = (port: number, path: string, host: string, headers = ''): Promise<string> =>
  new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1', () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${headers}\r\n`,
      );
    });
    socket.once('data', (data) => {
      resolve(data.toString().split('\r\n')[0] ?? '');
      socket.destroy();
    });
  });

describe('a runtime on a real WebSocket', () => {
  it('runs jobs of a real client, also streamed results', async () => {
    const { url } = await serve();
    const client = await connect({ url, token: 'tok' });
    owned.push(() => client.close());
    expect(await client.run('echo', { msg: 'hi' })).toEqual({ echoed: { msg: 'hi' } });
    const handle = await client.submit('chunks');
    expect(new TextDecoder().decode(await handle.bytes())).toBe('naïve 🚀');
    expect(await handle.outcome).toMatchObject({ status: 'success', summary: '2 writes' });
    const listed: string[] = [];
    for await (const job of client.jobs()) listed.push(`${job.agent} ${job.status}`);
    expect(listed).toEqual(['echo success', 'chunks success']);
  });

  it('takes 64 jobs at a time', async () => {
    const { url } = await serve();
    const client = await connect({ url, token: 'tok' });
    owned.push(() => client.close());
    const results = await Promise.all(
      Array.from({ length: 64 }, (_, at) => client.run('echo', at)),
    );
    expect(results).toEqual(Array.from({ length: 64 }, (_, at) => ({ echoed: at })));
  });

  it('refuses a wrong token as such', async () => {
    const { url } = await serve();
    await expect(connect({ url, token: 'nope' })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it('serves its path and its host names only', async () => {
    const { port } = await serve({ allowedOrigins: ['https://app.test'] });
    const ok = 'HTTP/1.1 101 Switching Protocols';
    expect(await upgrade(port, '/arcp?x=1', 'localhost:99')).toBe(ok);
    expect(await upgrade(port, '/arcp', '[::1]:99')).toBe(ok);
    expect(await upgrade(port, '/arcp', 'evil.test')).toBe('HTTP/1.1 403 Forbidden');
    expect(await upgrade(port, '/arcp', 'localhost.evil.test')).toBe('HTTP/1.1 403 Forbidden');
    expect(await upgrade(port, '/other', 'localhost')).toBe('HTTP/1.1 404 Not Found');
    expect(await upgrade(port, '/arcp', 'localhost', 'Origin: https://evil.test\r\n')).toBe(
      'HTTP/1.1 403 Forbidden',
    );
    expect(await upgrade(port, '/arcp', 'localhost', 'Origin: https://app.test\r\n')).toBe(ok);
  });

  it('closes a connection that sends more than the limit', async () => {
    const { url } = await serve({ maxReadBytes: 2_000 });
    const transport = await connectNodeWebSocket(url);
    const close = new Promise((resolve) => transport.onClose(resolve));
    await transport.send({
      arcp: '1.1',
      id: 'a',
      type: 'session.hello',
      payload: { x: 'y'.repeat(5_000) },
    });
    expect(await close).toMatchObject({ error: { details: { close_code: 1009 } } });
  });

  it('says what to do when the port is taken', async () => {
    const { port } = await serve();
    await expect(listenArcp(makeRuntime(), { port })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      hint: expect.stringContaining('choose another port'),
    });
  });
});

describe('a runtime on standard input and output', () => {
  it('serves one session until the input ends', async () => {
    const up = new PassThrough();
    const down = new PassThrough();
    const runtime = makeRuntime();
    const served = serveStdio(runtime, { input: up, output: down });
    const client = await connect({
      token: 'tok',
      transport: async () => lineTransport(down, up),
      reconnect: false,
    });
    expect(await client.run('echo', 1)).toEqual({ echoed: 1 });
    await client.close();
    up.end();
    await served;
    await runtime.close({ drainMs: 0 });
  });
});
