import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from '@engramkit/client';
import { serve as serveHono } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { createArcpRuntime, defineAgent, staticTokens } from '../index.js';
import { mountArcp } from '../node.js';

const owned: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of owned.splice(0).reverse()) await end();
});

const closes = (server: Server): void => {
  owned.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
};

const listening = async (server: Server): Promise<number> => {
  if (!server.listening)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closes(server);
  return (server.address() as AddressInfo).port;
};

const frameworks: Readonly<Record<string, () => Promise<Server>>> = {
  'a plain Node server': async () =>
    createServer((_, response) => {
      response.end('hello');
    }),
  Express: async () => {
    const app = express();
    app.get('/hello', (_, response) => {
      response.send('hello');
    });
    return createServer(app);
  },
  Fastify: async () => {
    const app = fastify();
    app.get('/hello', async () => 'hello');
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server;
  },
  Hono: async () => {
    const app = new Hono();
    app.get('/hello', (context) => context.text('hello'));
    return await new Promise<Server>((resolve) => {
      const server = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () =>
        resolve(server as Server),
      );
    });
  },
};

describe.each(Object.keys(frameworks))('a runtime mounted on %s', (name) => {
  it('serves jobs beside the routes, and leaves the upgrades of others alone', async () => {
    const server = await frameworks[name]!();
    const port = await listening(server);
    const runtime = createArcpRuntime({
      agents: [defineAgent({ name: 'echo', handler: (input) => ({ echoed: input ?? null }) })],
      authenticate: staticTokens({ tok: 'alice' }),
    });
    owned.push(() => runtime.close({ drainMs: 0 }));
    const mounted = mountArcp(server, runtime, { path: '/agents' });
    const others = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      if (request.url !== '/chat') return;
      others.handleUpgrade(request, socket, head, (chat) => chat.send('welcome to the chat'));
    });

    const client = await connect({ url: `ws://127.0.0.1:${port}/agents`, token: 'tok' });
    expect(await client.run('echo', { from: name })).toEqual({ echoed: { from: name } });
    await client.close();
    const page = await fetch(`http://127.0.0.1:${port}/hello`);
    expect(await page.text()).toBe('hello');
    const { WebSocket } = await import('ws');
    const chat = new WebSocket(`ws://127.0.0.1:${port}/chat`);
    const greeting = await new Promise((resolve) => {
      chat.once('message', (data) => resolve(String(data)));
    });
    expect(greeting).toBe('welcome to the chat');
    chat.terminate();

    mounted.unmount();
    expect(server.listenerCount('upgrade')).toBe(1);
  });
});
