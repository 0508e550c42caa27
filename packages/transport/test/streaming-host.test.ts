import {
  audioMessage,
  defineStreaming,
  jsonMessage,
  messageJson,
  type StreamMessage,
} from '@engramkit/engram';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { LocalConnector, type LocalConnectorOptions } from '../src/connector.js';
import { encodeMessage } from '../src/message/encode-message.js';
import { echo, type HostRun, runOn } from './host-run.js';

const open: (LocalConnector | HostRun)[] = [];

async function connector(options: LocalConnectorOptions = {}): Promise<LocalConnector> {
  const started = await LocalConnector.start(options);
  open.push(started);
  return started;
}

function run(...parameters: Parameters<typeof runOn>): HostRun {
  const started = runOn(...parameters);
  open.push(started);
  return started;
}

afterEach(async () => {
  for (const one of open.splice(0).reverse()) {
    if ('stop' in one) {
      one.stop();
      await one.outcome;
    } else one.close();
  }
});

async function take(from: LocalConnector, count: number): Promise<StreamMessage[]> {
  const taken: StreamMessage[] = [];
  for await (const message of from.received) {
    taken.push(message);
    if (taken.length === count) break;
  }
  return taken;
}

describe('a session', () => {
  test('carries JSON and audio both ways, metadata and ids included', async () => {
    const peer = await connector();
    run(echo, peer.env);
    const audio = { pcm: new Uint8Array(640), sampleRateHz: 16_000, channels: 1, codec: 'pcm16' };
    await peer.send(
      jsonMessage({ n: 1 }, { messageId: 'm1', metadata: { lang: 'en' }, timestampMs: 5 }),
    );
    await peer.send(audioMessage(audio, { kind: 'speech' }));
    const [json, sound] = await take(peer, 2);
    expect(json).toMatchObject({
      kind: 'data',
      messageId: 'm1',
      metadata: { lang: 'en' },
      timestampMs: 5,
    });
    expect(json && messageJson(json)).toEqual({ n: 1 });
    expect(sound?.audio).toMatchObject({ sampleRateHz: 16_000, channels: 1, codec: 'pcm16' });
    expect(peer.bindingReference).toBe('local/local-transport');
  });

  test('waits for the capabilities that were announced, and acknowledges both', async () => {
    const peer = await connector({ capabilities: { 'audio.codec': 'pcm16' } });
    run(echo, peer.env);
    await peer.until(() => peer.controls.length >= 3);
    expect(peer.controls.slice(0, 3).map(({ metadata }) => metadata)).toEqual([
      { handled: 'true', reason: 'startup', type: 'connector.ready' },
      { handled: 'true', reason: 'capabilities', type: 'connector.capabilities' },
      { handled: 'true', reason: 'handoff', type: 'handoff.cutover' },
    ]);
  });

  test('acknowledges a sequenced packet once it is done, with its size', async () => {
    const peer = await connector();
    const done: (() => void)[] = [];
    run(
      defineStreaming({
        name: 'holder',
        async stream(inbound) {
          for await (const message of inbound) done.push(() => message.done());
        },
      }),
      peer.env,
    );
    const bytes = [1n, 2n].map((sequence) =>
      encodeMessage(
        jsonMessage({ a: 'ä' }, { envelope: { streamId: 's', sequence, partition: 'p' } }),
      ),
    );
    for (const one of bytes) await peer.sendBytes(one);
    await peer.sendBytes(bytes[0] as Buffer); // The engram works on it: no second delivery.
    while (done.length < 2) await new Promise((resolve) => setImmediate(resolve));
    done[1]?.(); // Held back: a receipt for the second would release the first one as well.
    done[0]?.();
    done[0]?.();
    await peer.until(() => peer.receipts.length >= 2);
    expect(peer.receipts.map(({ metadata }) => metadata)).toEqual(
      ['1', '2'].map((sequence, index) => ({
        stream_id: 's',
        sequence,
        partition: 'p',
        size_bytes: String(bytes[index]?.byteLength),
      })),
    );
    await peer.sendBytes(bytes[1] as Buffer); // Done already: only the receipt again.
    await peer.until(() => peer.receipts.length >= 3);
    expect(done).toHaveLength(2);
  });

  test('shows on both streams that it is alive', async () => {
    const peer = await connector();
    run(echo, {
      ...peer.env,
      BUBU_GRPC_HEARTBEAT_INTERVAL: '20ms',
      BUBU_TRANSPORT_HEARTBEAT_INTERVAL: '20ms',
    });
    await peer.until(() => peer.heartbeats >= 2);
    await peer.until(() => peer.controls.filter(({ type }) => type === 'heartbeat').length >= 2);
  });

  test('refuses an invalid outgoing message where it is sent, and goes on', async () => {
    const peer = await connector();
    const refused: string[] = [];
    run(
      defineStreaming({
        name: 'careless',
        async stream(inbound, out) {
          for await (const message of inbound) {
            for (const bad of [
              { payload: Buffer.from('[1]') },
              { payload: Buffer.from('{') },
              { messageId: 'only' },
              jsonMessage({ big: 'x'.repeat(6_000_000) }),
            ]) {
              await out.send(bad).catch((error: Error) => refused.push(error.message));
            }
            await out.send(jsonMessage({ ok: true }));
            message.done();
          }
        },
      }),
      peer.env,
    );
    await peer.send(jsonMessage({}));
    await take(peer, 1);
    expect(refused).toEqual([
      expect.stringContaining('payload decode failed: it must be a JSON object, got a list'),
      expect.stringContaining('envelope payload is not valid JSON'),
      expect.stringContaining('missing audio, video, or binary payload'),
      expect.stringContaining('bytes on the wire, but at most 10485760 are sent'),
    ]);
    expect(peer.sessions).toBe(1);
  });
});

describe('control directives', () => {
  test('get the default answers, and an unknown type comes back as text', async () => {
    const peer = await connector();
    run(echo, peer.env);
    await peer.until(() => peer.controls.length >= 2);
    peer.sendControl({ type: 'start' });
    peer.sendControl({ type: 'Made-Up' });
    await peer.until(() => peer.controls.length >= 4);
    expect(peer.controls.slice(2).map(({ metadata }) => metadata)).toEqual([
      { handled: 'false', reason: 'no_control_handler', type: 'start' },
      { handled: 'false', reason: 'no_control_handler', type: 'Made-Up' },
    ]);
  });

  test('a handler that hangs or throws delays neither messages nor heartbeats nor receipts', async () => {
    const peer = await connector();
    const fails = defineStreaming({
      name: 'handler',
      handleControl: async ({ type }) => {
        if (type === 'hang') await new Promise(() => {});
        if (type === 'throw') throw new Error('no such thing');
        return { type: 'custom-reply', metadata: { type } };
      },
      async stream(inbound, out) {
        for await (const message of inbound) {
          await out.send(jsonMessage({ ok: true }));
          message.done();
        }
      },
    });
    run(fails, {
      ...peer.env,
      BUBU_GRPC_MESSAGE_TIMEOUT: '300ms',
      BUBU_TRANSPORT_HEARTBEAT_INTERVAL: '20ms',
    });
    await peer.until(() => peer.controls.some(({ type }) => type === 'custom-reply'));
    for (const type of ['throw', 'hang', 'later']) peer.sendControl({ type });
    await peer.send(jsonMessage({}, { envelope: { streamId: 's', sequence: 1n } }));
    await take(peer, 1);
    await peer.until(() => peer.receipts.length === 1);
    const errors = () => peer.controls.filter(({ type }) => type === 'error');
    await peer.until(() => errors().length === 2);
    expect(errors().map(({ metadata }) => metadata.message)).toEqual([
      expect.stringContaining('no such thing'),
      'handleControl did not answer within 300 ms',
    ]);
    await peer.until(() => peer.controls.some(({ metadata }) => metadata.type === 'later'));
  });
});

describe('a connection that is lost', () => {
  test.each([
    ['ends in good order', undefined],
    ['ends with UNAVAILABLE', { code: status.UNAVAILABLE, details: 'gone' }],
    ['ends with DEADLINE_EXCEEDED', { code: status.DEADLINE_EXCEEDED, details: 'slow' }],
  ])('and %s is made anew while the engram goes on', async (_, failure) => {
    const peer = await connector();
    let calls = 0;
    run(
      defineStreaming({
        name: 'counter',
        async stream(inbound, out) {
          calls += 1;
          for await (const message of inbound) {
            await out.send(jsonMessage({ calls }));
            message.done();
          }
        },
      }),
      peer.env,
    );
    await peer.send(jsonMessage({}));
    await take(peer, 1);
    peer.endData(failure);
    await peer.until(() => peer.sessions === 2);
    await peer.send(jsonMessage({}));
    const [second] = await take(peer, 1);
    expect(second && messageJson(second)).toEqual({ calls: 1 });
  });

  test('over and over: with 50 restarts every message is processed once and none is lost', async () => {
    const peer = await connector({ delivery: 'at-least-once', capacity: 100_000 });
    const seen: number[] = [];
    run(
      defineStreaming({
        name: 'once',
        async stream(inbound) {
          for await (const message of inbound) {
            seen.push((messageJson(message) as { n: number }).n);
            await Promise.resolve();
            message.done();
          }
        },
      }),
      peer.env,
    );
    let sent = 0;
    for (let restart = 0; restart < 50; restart += 1) {
      const target = sent + 20;
      for (; sent < target; sent += 1) await peer.send(jsonMessage({ n: sent }));
      const sessions = peer.sessions;
      await peer.restart();
      await peer.until(() => peer.sessions > sessions);
    }
    await peer.until(() => peer.unacknowledged === 0);
    expect(seen).toEqual(Array.from({ length: sent }, (_, n) => n));
  });

  test('with half of it open is noticed, because heartbeats stay without answer', async () => {
    const peer = await connector();
    run(echo, {
      ...peer.env,
      BUBU_TRANSPORT_HEARTBEAT_INTERVAL: '30ms',
      BUBU_GRPC_MESSAGE_TIMEOUT: '100ms',
    });
    await peer.until(() => peer.controls.some(({ type }) => type === 'heartbeat'));
    await peer.until(() => peer.controls.filter(({ type }) => type === 'heartbeat').length > 1);
    peer.goSilent();
    await peer.until(() => peer.sessions === 2);
  });

  test('keeps a done message from coming twice and sends its receipt on the next connection', async () => {
    const peer = await connector({ delivery: 'at-least-once' });
    const seen: unknown[] = [];
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    run(
      defineStreaming({
        name: 'slow',
        async stream(inbound) {
          for await (const message of inbound) {
            seen.push(messageJson(message));
            await held;
            message.done();
          }
        },
      }),
      peer.env,
    );
    await peer.send(jsonMessage({ n: 1 }));
    while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    peer.kill();
    release();
    await peer.restart();
    await peer.until(() => peer.receipts.length >= 1);
    expect(seen).toEqual([{ n: 1 }]);
  });

  test('takes the numbers that begin anew after the hub forgot everything', async () => {
    const peer = await connector({ delivery: 'at-least-once' });
    run(echo, peer.env);
    await peer.send(jsonMessage({ n: 'old' }));
    await take(peer, 1);
    await peer.until(() => peer.unacknowledged === 0);
    peer.loseHub();
    await peer.until(
      () => peer.controls.filter(({ metadata }) => metadata.type === 'handoff.cutover').length >= 2,
    );
    await peer.send(jsonMessage({ n: 'new' }));
    const [again] = await take(peer, 1);
    expect(again && messageJson(again)).toEqual({ n: 'new' });
  });
});

describe('the end', () => {
  test('on SIGTERM flushes what was sent and acknowledges only what is done', async () => {
    const peer = await connector({ delivery: 'at-least-once' });
    const engram = run(
      defineStreaming({
        name: 'draining',
        async stream(inbound, out, { signal }) {
          for await (const message of inbound) {
            for (let n = 0; n < 10; n += 1) await out.send(jsonMessage({ n }));
            message.done();
          }
          expect(signal.aborted).toBe(true);
        },
      }),
      peer.env,
    );
    await peer.send(jsonMessage({}));
    await peer.until(() => peer.receipts.length === 1);
    engram.stop();
    expect(await engram.outcome).toMatchObject({ status: 'succeeded' });
    expect(await take(peer, 10)).toHaveLength(10);
    expect(peer.unacknowledged).toBe(0);
  });

  test('of the engram flushes its last messages', async () => {
    const peer = await connector({ capacity: 1 });
    const engram = run(
      defineStreaming({
        name: 'finite',
        async stream(_inbound, out) {
          for (let n = 0; n < 500; n += 1) await out.send(jsonMessage({ n }));
        },
      }),
      peer.env,
    );
    const taken = await take(peer, 500);
    expect(taken.map((message) => messageJson(message))).toEqual(
      Array.from({ length: 500 }, (_, n) => ({ n })),
    );
    expect(await engram.outcome).toMatchObject({ status: 'succeeded' });
  });
});

describe('what cannot work', () => {
  test('a connector that never says that it is ready ends the run', async () => {
    const peer = await connector({ faults: { silent: true } });
    const { outcome } = run(echo, { ...peer.env, BUBU_GRPC_MESSAGE_TIMEOUT: '100ms' });
    expect(await outcome).toMatchObject({
      status: 'failed',
      failure: {
        error: { code: 'HANDSHAKE_TIMEOUT', message: expect.stringContaining('timed out') },
      },
    });
    expect(peer.sessions).toBe(1);
  });

  test.each([
    ['without the key', {}, 'missing startup.capabilities metadata'],
    [
      'with an old value',
      { 'startup.capabilities': 'legacy' },
      'invalid startup.capabilities metadata "legacy"',
    ],
  ])('a ready message %s is tried again, then ends the run', async (_, readyMetadata, text) => {
    const peer = await connector({ faults: { readyMetadata } });
    const { outcome } = run(echo, { ...peer.env, BUBU_GRPC_RECONNECT_MAX_RETRIES: '2' });
    const failure = (await outcome).failure?.error;
    expect(failure).toMatchObject({
      code: 'RETRIES_EXHAUSTED',
      message: expect.stringContaining(text),
    });
    expect(peer.sessions).toBe(3);
  });

  test('capabilities that are announced and never come end the run', async () => {
    const peer = await connector({
      capabilities: { x: 'y' },
      faults: { withholdCapabilities: true },
    });
    const { outcome } = run(echo, { ...peer.env, BUBU_GRPC_MESSAGE_TIMEOUT: '100ms' });
    expect((await outcome).failure?.error.code).toBe('HANDSHAKE_TIMEOUT');
  });

  test.each([
    [status.FAILED_PRECONDITION, 'CONNECTOR_REFUSED', 1],
    [status.UNIMPLEMENTED, 'CONNECTOR_REFUSED', 1],
    [status.RESOURCE_EXHAUSTED, 'RETRIES_EXHAUSTED', 3],
  ])('a connector that refuses with %i ends the run', async (code, expected, sessions) => {
    const peer = await connector({ faults: { refuse: { code, details: 'no' } } });
    const { outcome } = run(echo, { ...peer.env, BUBU_GRPC_RECONNECT_MAX_RETRIES: '2' });
    expect((await outcome).failure?.error.code).toBe(expected);
    expect(peer.sessions).toBe(sessions);
  });

  test('nobody there ends the run after the retries', async () => {
    const peer = await connector();
    peer.kill();
    const { outcome } = run(echo, {
      ...peer.env,
      BUBU_GRPC_RECONNECT_MAX_RETRIES: '1',
      BUBU_GRPC_DIAL_TIMEOUT: '50ms',
    });
    expect((await outcome).failure?.error).toMatchObject({
      code: 'RETRIES_EXHAUSTED',
      message: expect.stringContaining('was not there within 50 ms'),
    });
  });

  test.each([
    ['bytes that are no packet', Buffer.from([0xff, 0xff])],
    ['a frame above the limits', encodeHuge()],
  ])('%s cost a session, not the run', async (_, bytes) => {
    const peer = await connector();
    run(echo, peer.env);
    await peer.until(() => peer.sessions === 1);
    await peer.sendBytes(bytes);
    await peer.until(() => peer.sessions === 2);
    await peer.send(jsonMessage({ after: true }));
    expect(await take(peer, 1)).toHaveLength(1);
  });

  test('an engram that throws is called again and gets what it had not finished', async () => {
    const peer = await connector();
    const seen: string[] = [];
    let inits = 0;
    run(
      defineStreaming({
        name: 'fails-once',
        init: () => {
          inits += 1;
        },
        async stream(inbound, out) {
          for await (const message of inbound) {
            seen.push(message.messageId ?? '');
            if (seen.length === 2) throw new Error('once');
            await out.send(jsonMessage({ got: message.messageId }));
            message.done();
          }
        },
      }),
      peer.env,
    );
    for (const [index, messageId] of ['a', 'b', 'c'].entries()) {
      await peer.send(
        jsonMessage({}, { messageId, envelope: { streamId: 's', sequence: BigInt(index + 1) } }),
      );
    }
    await take(peer, 3);
    await peer.until(() => peer.receipts.length === 3);
    expect(seen).toEqual(['a', 'b', 'b', 'c']);
    expect([inits, peer.sessions]).toEqual([1, 1]);
  });

  test('an engram that keeps throwing fails with its own words', async () => {
    const peer = await connector();
    const { outcome } = run(
      defineStreaming({
        name: 'fails',
        stream: async () => {
          throw new Error('never works');
        },
      }),
      { ...peer.env, BUBU_GRPC_RECONNECT_MAX_RETRIES: '2' },
    );
    expect((await outcome).failure?.error).toMatchObject({
      code: 'RETRIES_EXHAUSTED',
      message: expect.stringContaining('never works'),
    });
  });
});

describe('back-pressure', () => {
  test('of a slow reader reaches the engram', async () => {
    const peer = await connector({ capacity: 1 });
    let sent = 0;
    run(
      defineStreaming({
        name: 'fast',
        async stream(_inbound, out, { signal }) {
          for (; !signal.aborted; sent += 1)
            await out.send(jsonMessage({ filler: 'x'.repeat(50_000) }));
        },
      }),
      { ...peer.env, BUBU_GRPC_GRACEFUL_SHUTDOWN_TIMEOUT: '100ms' },
    );
    let before = -1;
    while (sent !== before) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(200);
    await take(peer, 5);
    await peer.until(() => sent > before);
  });

  test('of a slow engram reaches the connector, and nothing is lost', async () => {
    const peer = await connector();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const seen: number[] = [];
    run(
      defineStreaming({
        name: 'slow',
        async stream(inbound) {
          for await (const message of inbound) {
            await held;
            seen.push((messageJson(message) as { n: number }).n);
            message.done();
          }
        },
      }),
      peer.env,
    );
    let sent = 0;
    const sending = (async () => {
      for (; sent < 400; sent += 1)
        await peer.send(jsonMessage({ n: sent, filler: 'x'.repeat(20_000) }));
    })();
    let before = -1;
    while (sent !== before) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(sent).toBeLessThan(400);
    release();
    await sending;
    while (seen.length < 400) await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(Array.from({ length: 400 }, (_, n) => n));
  });
});

/** Audio with a rate that the wire does not take, which no encoder of ours would write. */
function encodeHuge(): Buffer {
  const bytes = Buffer.from(
    encodeMessage(audioMessage({ pcm: new Uint8Array(2), sampleRateHz: 8_000, channels: 1 })),
  );
  const at = bytes.indexOf(Buffer.from([0x10, 0xc0, 0x3e]));
  bytes[at + 1] = 0x81;
  bytes[at + 2] = 0x01;
  return bytes;
}
