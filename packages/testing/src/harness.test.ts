import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BatchEngram,
  defineBatch,
  defineImpulse,
  defineStreaming,
  type ExecutionContext,
  type InboundMessage,
  jsonMessage,
  messageJson,
  result,
  type StreamingEngram,
  type StreamMessage,
  type StreamOutput,
} from '@engramkit/engram';
import type { Secrets } from '@engramkit/secrets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  BatchHarness,
  ImpulseHarness,
  manualClock,
  StreamHarness,
  testContext,
  testStoryInfo,
} from './index.js';

const greet = defineBatch({
  name: 'greet',
  config: z.object({ greeting: z.string() }),
  inputs: z.object({ name: z.string() }),
  output: z.object({ text: z.string() }),
  secrets: ['token'],
  async process({ name }, context) {
    context.logger.info('greeting', { name });
    await context.signals.emit('phase', 'greeting');
    const id = await context.effects.once(
      'letter',
      async () => `${context.secrets.require('token')}-1`,
    );
    return result({
      text: `${context.config.greeting} ${name} (${id}, ${context.idempotencyKey()})`,
    });
  },
});

class Calls implements BatchEngram<{ fail?: string }, { n: number }, number> {
  static readonly log: string[] = [];
  init(config: { fail?: string }, _secrets: Secrets): void {
    Calls.log.push('init');
    if (config.fail === 'init') throw new Error('init failed');
  }
  async process(inputs: { n: number }, _context: ExecutionContext): Promise<number> {
    Calls.log.push('process');
    return inputs.n * 2;
  }
  close(): void {
    Calls.log.push('close');
  }
}

describe('the batch harness', () => {
  beforeEach(() => {
    Calls.log.length = 0;
  });

  it('runs a definition with typed config, inputs and secrets, and shows what it did', async () => {
    const harness = new BatchHarness(greet, {
      config: { greeting: 'Hello' },
      inputs: { name: 'Ada' },
      secrets: { auth: 'env:AUTH_' },
      env: { AUTH_token: 'k7' },
      story: testStoryInfo,
    });
    expect(await harness.run()).toEqual({
      text: 'Hello Ada (k7-1, ns/default/storyrun/test-story-run/steprun/test-story-run-test-step)',
    });
    const { logs, effects, signals } = harness.context.recorded;
    expect(logs).toContainEqual({ level: 'info', message: 'greeting', fields: { name: 'Ada' } });
    expect(effects).toMatchObject([{ key: 'letter', result: 'k7-1' }]);
    expect(signals).toMatchObject([{ sequence: 1, key: 'phase', payload: 'greeting' }]);
  });

  it('runs a class and an instance, init first, close last', async () => {
    expect(await new BatchHarness(Calls, { inputs: { n: 4 } }).run()).toBe(8);
    expect(await new BatchHarness(new Calls(), { inputs: { n: 5 } }).run()).toBe(10);
    expect(Calls.log).toEqual(['init', 'process', 'close', 'init', 'process', 'close']);
  });

  it('passes errors on unchanged, and closes all the same', async () => {
    const run = new BatchHarness(Calls, { config: { fail: 'init' }, inputs: { n: 1 } }).run();
    await expect(run).rejects.toThrow(/^init failed$/);
    expect(Calls.log).toEqual(['init', 'close']);
  });

  it('lets a class read only the secrets that its spec declares', async () => {
    class Curious implements BatchEngram {
      static readonly spec = { secrets: ['token'] };
      #secrets: Secrets | undefined;
      init(_config: unknown, secrets: Secrets): void {
        this.#secrets = secrets;
      }
      process(): unknown {
        return [this.#secrets?.get('token'), this.#secrets?.get('other')];
      }
    }
    const harness = new BatchHarness(Curious, { secrets: { token: 'a', other: 'b' } });
    await expect(harness.run()).rejects.toMatchObject({ code: 'SECRET_NOT_DECLARED' });
  });

  it('hides a failing close behind the failure of the work, and reports it when the work went well', async () => {
    const closing = (fails: boolean) => ({
      process(): number {
        if (fails) throw new Error('work failed');
        return 1;
      },
      close(): void {
        throw new Error('close failed');
      },
    });
    await expect(new BatchHarness(closing(true)).run()).rejects.toThrow('work failed');
    await expect(new BatchHarness(closing(false)).run()).rejects.toThrow('close failed');
  });

  it('gives the engram the signal of the test', async () => {
    const waits = defineBatch({
      process: (_inputs, { signal }) =>
        new Promise<never>((_, reject) => {
          const stop = (): void => reject(signal.reason);
          if (signal.aborted) stop();
          signal.addEventListener('abort', stop);
        }),
    });
    const harness = new BatchHarness(waits);
    const running = harness.run();
    harness.context.abort();
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('refuses what is no batch engram', () => {
    const missing: unknown = undefined;
    expect(() => Reflect.construct(BatchHarness, [missing])).toThrow(
      expect.objectContaining({ code: 'HARNESS_COMPONENT_MISSING' }),
    );
    const streaming = defineStreaming({ stream: async () => {} });
    expect(() => Reflect.construct(BatchHarness, [streaming])).toThrow(
      expect.objectContaining({ code: 'HARNESS_KIND_MISMATCH' }),
    );
  });

  describe('with secrets from files', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'harness-'));
    });
    afterEach(() => rm(folder, { recursive: true }));

    it('fails before init when one is missing, without its path', async () => {
      const path = join(folder, 'missing');
      const failure = await new BatchHarness(Calls, {
        inputs: { n: 1 },
        secrets: { db: `file:${path}` },
      })
        .run()
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({
        message: expect.stringContaining('failed to expand secrets'),
      });
      expect(String(failure)).toContain('secret "db" (file)');
      expect(String(failure)).not.toContain(folder);
      expect(Calls.log).toEqual([]);
    });
  });
});

const upper = defineStreaming({
  async stream(inbound, out, context) {
    for await (const message of inbound) {
      if (context.signal.aborted) return;
      await out.send(jsonMessage({ text: JSON.stringify(messageJson(message)).toUpperCase() }));
      await out.send(jsonMessage({ echo: true }));
      message.done();
      message.done();
    }
  },
});

describe('the stream harness', () => {
  const inputs = ['a', 'b'].map((text) => jsonMessage({ text }, { messageId: text }));

  it('feeds all inputs, collects all outputs, and counts each acknowledgement once', async () => {
    const processed: StreamMessage[] = [];
    const harness = new StreamHarness(upper, {
      inputs,
      onInputProcessed: (message) => void processed.push(message),
    });
    const outputs = await harness.run();
    expect(outputs.map(messageJson)).toEqual([
      { text: '{"TEXT":"A"}' },
      { echo: true },
      { text: '{"TEXT":"B"}' },
      { echo: true },
    ]);
    expect(harness.outputs).toBe(outputs);
    expect(harness.doneCount).toBe(2);
    expect(processed).toEqual(inputs);
  });

  it('keeps outputs whose sending nobody awaited', async () => {
    const careless = defineStreaming({
      async stream(_inbound, out) {
        for (let index = 0; index < 50; index++) void out.send(jsonMessage({ index }));
      },
    });
    expect(await new StreamHarness(careless).run()).toHaveLength(50);
  });

  it('says how far a stream got that failed, and calls what is no error a panic', async () => {
    class Fails implements StreamingEngram {
      async stream(inbound: AsyncIterable<InboundMessage>, out: StreamOutput): Promise<void> {
        for await (const message of inbound) {
          await out.send({ kind: 'data', payload: message.payload ?? new Uint8Array() });
          message.done();
          const thrown: unknown = 'kaputt';
          throw thrown;
        }
      }
    }
    const harness = new StreamHarness(Fails, { inputs });
    await expect(harness.run()).rejects.toThrow('engram stream panicked: kaputt');
    expect([harness.outputs.length, harness.doneCount]).toEqual([1, 1]);
  });

  it('refuses sending after the end', async () => {
    let late: Promise<void> | undefined;
    const sloppy = defineStreaming({
      async stream(_inbound, out, context) {
        context.signal.addEventListener('abort', () => {
          late = out.send(jsonMessage({ late: true }));
          late.catch(() => undefined);
        });
      },
    });
    const harness = new StreamHarness(sloppy);
    await harness.run();
    harness.context.abort(new Error('over'));
    await expect(late).rejects.toThrow(/closed|over/);
  });
});

describe('the impulse harness', () => {
  const ticking = defineImpulse({
    config: z.object({ limit: z.number() }),
    async run(client, { config, signal }) {
      for (let tick = 1; tick <= config.limit; tick++) {
        signal.throwIfAborted();
        await client.startStory({ tick }, { signal });
        await Promise.resolve();
      }
    },
  });

  it('stops after the wanted number of starts, which is a clean end', async () => {
    const starts = await new ImpulseHarness(ticking, {
      config: { limit: 1_000 },
      stopAfterStarts: 3,
    }).run();
    expect(starts.slice(0, 3).map(({ inputs }) => inputs)).toEqual([
      { tick: 1 },
      { tick: 2 },
      { tick: 3 },
    ]);
    expect(starts.length).toBeLessThan(10);
  });

  it('ends when the impulse returns, and passes its errors on', async () => {
    expect(
      await new ImpulseHarness(ticking, { config: { limit: 2 }, stopAfterStarts: 5 }).run(),
    ).toHaveLength(2);
    const broken = defineImpulse({
      run: async () => {
        throw new Error('source gone');
      },
    });
    await expect(new ImpulseHarness(broken).run()).rejects.toThrow('source gone');
  });
});

describe('a test context', () => {
  it('has no idempotency key without an identity, and copies the template context', () => {
    const context = testContext({ templateContext: { a: { b: 1 } } });
    expect(() => context.idempotencyKey()).toThrow(
      expect.objectContaining({ code: 'IDEMPOTENCY_UNAVAILABLE' }),
    );
    Object.assign(context.templateContext(), { a: 2 });
    expect(context.templateContext()).toEqual({ a: { b: 1 } });
  });

  it('stamps with the given clock, aborts with the given signal', async () => {
    const controller = new AbortController();
    const clock = manualClock({ nowMs: 42 });
    const context = testContext({ clock, signal: controller.signal, deadlineMs: 50 });
    await context.signals.emit('a', 1);
    expect(context.recorded.signals[0]?.emittedAtMs).toBe(42);
    expect(context.deadlineMs).toBe(50);
    const reason = new Error('stop');
    controller.abort(reason);
    expect(context.signal.reason).toBe(reason);
  });
});
