// An engram over the real link beside the bare gRPC library moving the same bytes; both in one process with their server.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { audioMessage, defineStreaming, emptyStoryInfo, jsonMessage } from '@engramkit/engram';
import { noopTracer, silentLogger } from '@engramkit/runtime';
import { encodeMessage, openStreamingHost } from '@engramkit/transport';
import { LocalConnector } from '@engramkit/transport/connector';

const require = createRequire(import.meta.resolve('@engramkit/transport'));
const { Client, credentials, Server, ServerCredentials } = require('@grpc/grpc-js');
const COUNT = Number(process.env.COUNT ?? 20_000);
const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, delayMs) {
    const handle = setTimeout(callback, delayMs);
    const cancel = () => clearTimeout(handle);
    return { cancel, [Symbol.dispose]: cancel };
  },
};

const payloads = {
  'JSON, 100 B': jsonMessage({ text: 'x'.repeat(88) }),
  'JSON, 1 KB': jsonMessage({
    text: 'x'.repeat(400),
    list: Array.from({ length: 60 }, (_, n) => n * 31),
    nested: { a: 'y'.repeat(300) },
  }),
  'JSON, 16 KB': jsonMessage({
    rows: Array.from({ length: 160 }, (_, n) => ({ id: n, text: 'z'.repeat(78) })),
  }),
  'audio, 20 ms (640 B)': audioMessage({
    pcm: new Uint8Array(640),
    sampleRateHz: 16_000,
    channels: 1,
    codec: 'pcm16',
  }),
};

/** Messages per second from client to server with the bare library. */
async function bare(bytes) {
  const identity = (value) => value;
  const method = {
    path: '/t/Data',
    requestStream: true,
    responseStream: true,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
  const server = new Server();
  let received = 0;
  let done;
  const all = new Promise((resolve) => {
    done = resolve;
  });
  server.addService(
    { data: method },
    {
      data: (call) => {
        call.on('error', () => {});
        call.on('data', () => {
          received += 1;
          if (received === COUNT) done();
        });
      },
    },
  );
  const port = await new Promise((resolve) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) =>
      resolve(bound),
    ),
  );
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.enable_retries': 0,
  });
  const call = client.makeBidiStreamRequest(method.path, identity, identity);
  call.on('error', () => {});
  await new Promise((resolve) => client.waitForReady(Date.now() + 5_000, resolve));
  const began = performance.now();
  for (let sent = 0; sent < COUNT; sent += 1) {
    if (!call.write(bytes)) await new Promise((resolve) => call.once('drain', resolve));
  }
  await all;
  const rate = COUNT / ((performance.now() - began) / 1_000);
  call.cancel();
  client.close();
  server.forceShutdown();
  return rate;
}

/** Messages per second out of an engram. The connector's side counts bytes as well, so that both do the same there. */
async function engram(message) {
  let received = 0;
  let done;
  const all = new Promise((resolve) => {
    done = resolve;
  });
  const connector = await LocalConnector.start({
    onBytes: () => {
      received += 1;
      if (received === COUNT) done();
    },
  });
  const host = openStreamingHost({ env: connector.env });
  const controller = new AbortController();
  let began = 0;
  const sender = defineStreaming({
    name: 'sender',
    async stream(_inbound, out) {
      began = performance.now();
      for (let sent = 0; sent < COUNT; sent += 1) await out.send(message);
      await all;
    },
  });
  const outcome = await host.run(
    sender,
    { runId: 'r', story: emptyStoryInfo, config: {}, inputs: {}, signal: controller.signal },
    {
      clock,
      random: { float: () => 0.5, uuid: () => '' },
      logger: silentLogger,
      tracer: noopTracer,
      secrets: { open: async () => ({}) },
      effects: {},
      signals: {},
    },
  );
  connector.close();
  if (outcome.status !== 'succeeded') throw outcome.failure.thrown;
  return { rate: COUNT / ((performance.now() - began) / 1_000) };
}

const middle = (values) =>
  values.sort((left, right) => left - right)[Math.floor(values.length / 2)];
const rows = [];
for (const [name, message] of Object.entries(payloads)) {
  const bytes = encodeMessage(message);
  const ours = [];
  const theirs = [];
  for (let round = 0; round < 3; round += 1) {
    theirs.push(await bare(bytes));
    ours.push((await engram(message)).rate);
  }
  const [own, other] = [middle(ours), middle(theirs)];
  rows.push(
    `| ${name} | ${bytes.byteLength} | ${Math.round(own)} | ${Math.round(other)} | ${(own / other).toFixed(2)} |`,
  );
  console.log(rows.at(-1));
}
if (process.argv[2]) {
  writeFileSync(
    process.argv[2],
    `# Streaming\n\nMessages per second from an engram to its connector, beside @grpc/grpc-js moving the same encoded bytes; client and server in one\nprocess, ${COUNT} messages, three rounds interleaved, the middle one. The time of the engram ends after its drain.\n\n| Message | Bytes on the wire | Engram | Bare library | Ratio |\n|---|---|---|---|---|\n${rows.join('\n')}\n\nNot measured here: messages into an engram, latency, the same in Go.\n`,
  );
}
