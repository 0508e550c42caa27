// One echo server for benchmarks/functions-http.mjs: node echo-server.mjs <kind> <port> <folder of peers> <folder for records>
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [kind, portText, peers, records] = process.argv.slice(2);
const port = Number(portText);
const { resolve } = createRequire(join(peers, 'package.json'));
const peer = (name) => import(pathToFileURL(resolve(name)).href);

const servers = {
  async 'node:http'() {
    const server = createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const body = request.method === 'POST' ? JSON.parse(Buffer.concat(chunks).toString()) : {};
        const text = JSON.stringify({ data: { echo: body.event } });
        response.writeHead(200, { 'content-type': 'application/json' }).end(text);
      });
    });
    await new Promise((done) => server.listen(port, '127.0.0.1', done));
  },
  async hono() {
    const [{ Hono }, { serve }] = await Promise.all([peer('hono'), peer('@hono/node-server')]);
    const app = new Hono();
    app.get('/livez', (context) => context.text('ok'));
    app.post('/functions/echo/invoke', async (context) => {
      return context.json({ data: { echo: (await context.req.json()).event } });
    });
    await new Promise((done) => serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, done));
  },
  async 'functions-framework'() {
    const framework = await peer('@google-cloud/functions-framework');
    const functions = framework.default ?? framework;
    functions.http('echo', (request, response) =>
      response.json({ data: { echo: request.body?.event } }),
    );
    const testing = await peer('@google-cloud/functions-framework/testing');
    const server = (testing.default ?? testing).getTestServer('echo');
    await new Promise((done) => server.listen(port, '127.0.0.1', done));
  },
  async 'faas-js-runtime'() {
    const module = await peer('faas-js-runtime');
    const { start } = module.default?.start ? module.default : module;
    await start((_context, body) => ({ data: { echo: body?.event } }), {
      port,
      logLevel: 'silent',
    });
  },
  engramkit: () => functions(false),
  'engramkit, recorded': () => functions(true),
};

async function functions(recorded) {
  const { EchoFunction, FunctionRegistry, FunctionRuntime, ledgerChronicle, serveFunctions } =
    await import('@engramkit/functions');
  const registry = new FunctionRegistry();
  registry.register(new EchoFunction());
  let chronicle;
  if (recorded) {
    const { openLedger } = await import('@engramkit/provenance');
    chronicle = ledgerChronicle(await openLedger({ directory: records, name: 'functions' }));
  }
  await serveFunctions(new FunctionRuntime(registry, chronicle), { port });
}

await servers[kind]();
process.on('message', (question) => {
  if (question === 'use') {
    const { user, system } = process.cpuUsage();
    process.send({ cpuMicros: user + system, rssBytes: process.memoryUsage().rss });
  }
});
process.on('SIGINT', () => process.exit(0));
process.send('ready');
