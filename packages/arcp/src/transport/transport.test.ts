import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { DecodedFrame, Envelope } from '../envelope.js';
import { memoryTransportPair } from './memory.js';
import { lineTransport } from './stdio.js';
import type { Transport, TransportClose } from './transport.js';
import { isExposed, type WebSocketLike, webSocketTransport } from './websocket.js';
import { connectNodeWebSocket, selectSubprotocol } from './websocket-node.js';

const message = (id: string): Envelope => ({ arcp: '1.1', id, type: 'session.ping', payload: {} });
const owned: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of owned.splice(0).reverse()) await end();
});

interface Ends {
  readonly near: Transport;
  readonly far: Transport;
}

const makers: Readonly<Record<string, () => Promise<Ends>>> = {
  memory: async () => {
    const [near, far] = memoryTransportPair();
    return { near, far };
  },
  stdio: async () => {
    const up = new PassThrough();
    const down = new PassThrough();
    return { near: lineTransport(down, up), far: lineTransport(up, down) };
  },
  websocket: async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    owned.push(() => new Promise((resolve) => server.close(resolve)));
    const accepted = once(server, 'connection');
    const near = await connectNodeWebSocket(
      `ws://127.0.0.1:${(server.address() as AddressInfo).port}/arcp`,
    );
    const [socket] = await accepted;
    const far = webSocketTransport(socket as WebSocketLike);
    owned.push(() => near.close());
    return { near, far };
  },
};

const received = (transport: Transport, count: number): Promise<string[]> =>
  new Promise((resolve) => {
    const ids: string[] = [];
    transport.onFrame((frame) => {
      if (frame.kind === 'envelope') ids.push(frame.envelope.id);
      if (ids.length === count) resolve(ids);
    });
  });
const closed = (transport: Transport): Promise<TransportClose> =>
  new Promise((resolve) => transport.onClose(resolve));

describe.each(Object.keys(makers))('a %s transport', (name) => {
  it('delivers in order, also what came before the handler', async () => {
    const { near, far } = await makers[name]!();
    const ids = Array.from({ length: 500 }, (_, at) => `m${at}`);
    await Promise.all(ids.map((id) => near.send(message(id))));
    expect(await received(far, ids.length)).toEqual(ids);
  });

  it('reports the end once to both sides and refuses to send afterwards', async () => {
    const { near, far } = await makers[name]!();
    const ends: TransportClose[] = [];
    near.onClose((close) => ends.push(close));
    far.onFrame(() => undefined);
    const farEnd = closed(far);
    near.close();
    near.close();
    expect((await farEnd).error).toBeUndefined();
    expect(ends).toHaveLength(1);
    expect(near.closed).toBe(true);
    await expect(near.send(message('late'))).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  });

  it('keeps what was sent before the end', async () => {
    const { near, far } = await makers[name]!();
    await near.send(message('last'));
    near.close();
    expect(await received(far, 1)).toEqual(['last']);
  });
});

describe('lines', () => {
  const frames = async (...chunks: (string | Uint8Array)[]): Promise<DecodedFrame[]> => {
    const input = new PassThrough();
    const transport = lineTransport(input, new PassThrough(), { maxReadBytes: 200 });
    const seen: DecodedFrame[] = [];
    transport.onFrame((frame) => seen.push(frame));
    const end = closed(transport);
    for (const chunk of chunks) input.write(chunk);
    input.end();
    await end;
    return seen;
  };
  const line = JSON.stringify(message('a'));

  it('are joined over chunks, with either line end, and blank ones skipped', async () => {
    const bytes = Buffer.from(`${line}\r\n\n  \n${line}`);
    const seen = await frames(...Array.from(bytes, (byte) => Uint8Array.of(byte)));
    expect(seen.map((frame) => frame.kind)).toEqual(['envelope', 'envelope']);
  });

  it('are dropped when too long or no JSON, and the next one is read', async () => {
    const seen = await frames('x'.repeat(1_000), 'y'.repeat(1_000), `\nlog text\n${line}\n`);
    expect(seen.map((frame) => frame.kind)).toEqual(['noise', 'noise', 'envelope']);
  });
});

describe('WebSockets', () => {
  it('say where they could not connect to, without credentials of the address', async () => {
    const failure = await connectNodeWebSocket(
      'ws://user:hunter2@127.0.0.1:9/arcp?token=hunter2',
    ).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'INTERNAL_ERROR',
      message: expect.stringContaining('ws://127.0.0.1:9/arcp'),
    });
    expect(JSON.stringify(failure)).not.toContain('hunter2');
  });

  it('give up when told to', async () => {
    const reason = new Error('stop');
    await expect(
      connectNodeWebSocket('ws://127.0.0.1:9/arcp', { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });

  it('close with "too big" when a peer sends more than the limit', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    owned.push(() => new Promise((resolve) => server.close(resolve)));
    const accepted = once(server, 'connection');
    const near = await connectNodeWebSocket(
      `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
      {
        maxReadBytes: 1_000,
      },
    );
    const [socket] = await accepted;
    const code = once(socket, 'close');
    socket.send('x'.repeat(2_000));
    expect((await code)[0]).toBe(1009);
    expect((await closed(near)).error).toBeDefined();
  });

  it('know when an address is exposed', () => {
    expect(isExposed('ws://127.0.0.1:1/')).toBe(false);
    expect(isExposed('ws://localhost/')).toBe(false);
    expect(isExposed('ws://[::1]:80/')).toBe(false);
    expect(isExposed('wss://example.com/')).toBe(false);
    expect(isExposed('ws://example.com/')).toBe(true);
  });

  it('select a known subprotocol, else the first that was offered', () => {
    expect(selectSubprotocol(['x', 'arcp.v1', 'arcp.v1.1'])).toBe('arcp.v1.1');
    expect(selectSubprotocol(['x', 'y'])).toBe('x');
    expect(selectSubprotocol([])).toBeUndefined();
  });
});
