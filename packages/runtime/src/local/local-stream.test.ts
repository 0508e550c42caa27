import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledError } from '@engramkit/core';
import {
  componentFrom,
  type ImpulseComponent,
  jsonMessage,
  messageJson,
  type StreamingComponent,
  type StreamMessage,
} from '@engramkit/engram';
import { describe, expect, it, vi } from 'vitest';
import { manualClock } from '../../test/manual-clock.js';
import { testInvocation, testPorts } from '../../test/ports.js';
import {
  createLocalStream,
  localTriggers,
  noopTracer,
  openLocalHost,
  runImpulse,
  runStreaming,
  silentLogger,
  type TriggerEvent,
} from '../index.js';

type Stream = (
  inbound: AsyncIterable<StreamMessage & { done(): void }>,
  out: { send(message: StreamMessage): Promise<void> },
  context: { readonly signal: AbortSignal },
) => Promise<void>;

const streaming = (stream: Stream, more: object = {}): StreamingComponent =>
  componentFrom({ stream, ...more }) as StreamingComponent;

const echo: Stream = async (inbound, out) => {
  for await (const message of inbound) {
    await out.send(jsonMessage({ ...(messageJson(message) as object) }));
    message.done();
  }
};

async function collect(messages: AsyncIterable<StreamMessage>): Promise<unknown[]> {
  const collected: unknown[] = [];
  for await (const message of messages) collected.push(messageJson(message));
  return collected;
}

describe('a streaming run over in-process channels', () => {
  it('hands every message through and ends with its input', async () => {
    const stream = createLocalStream({ capacity: 2 });
    const sent = collect(stream.sent);
    const running = runStreaming(streaming(echo), testInvocation(), testPorts(), stream);
    for (let index = 0; index < 10; index += 1) await stream.push(jsonMessage({ index }));
    stream.end();
    const outcome = await running;
    stream.close();
    expect(outcome).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(outcome.stages.map(({ stage }) => stage)).toEqual([
      'hydrate-config',
      'decode-config',
      'expand-secrets',
      'init',
      'stream',
    ]);
    expect(await sent).toEqual(Array.from({ length: 10 }, (_, index) => ({ index })));
    expect(stream.acknowledged).toBe(10);
  });

  it('ends well when it is told to stop while it waits for input', async () => {
    const controller = new AbortController();
    const stream = createLocalStream();
    const running = runStreaming(
      streaming(echo),
      testInvocation({ signal: controller.signal }),
      testPorts(),
      stream,
    );
    await stream.push(jsonMessage({ last: true }));
    await vi.waitFor(() => expect(stream.acknowledged).toBe(1));
    controller.abort(new CancelledError('shutdown'));
    expect(await running).toMatchObject({ status: 'succeeded', exitCode: 0 });
  });

  it('ends well when it is told to stop while nobody takes its output', async () => {
    const controller = new AbortController();
    const stream = createLocalStream({ capacity: 1 });
    const flood: Stream = async (_inbound, out) => {
      setImmediate(() => controller.abort());
      for (;;) await out.send(jsonMessage({}));
    };
    const running = runStreaming(
      streaming(flood),
      testInvocation({ signal: controller.signal }),
      testPorts(),
      stream,
    );
    expect(await running).toMatchObject({ status: 'succeeded' });
  });

  it('is left behind when it does not stop', async () => {
    const clock = manualClock();
    const controller = new AbortController();
    const stuck: Stream = async () => {
      queueMicrotask(() => controller.abort());
      queueMicrotask(() => clock.advance(1_000));
      await new Promise(() => undefined);
    };
    const outcome = await runStreaming(
      streaming(stuck),
      testInvocation({ signal: controller.signal }),
      testPorts({ clock }),
      createLocalStream(),
    );
    expect(outcome).toMatchObject({
      status: 'cancelled',
      exitCode: 1,
      failure: { error: { code: 'ABANDONED' } },
    });
  });

  it('fails when it throws, and does not send invalid messages', async () => {
    const stream = createLocalStream();
    const bad: Stream = async (_inbound, out) => {
      await out.send({ kind: 'not a kind!' });
    };
    const outcome = await runStreaming(streaming(bad), testInvocation(), testPorts(), stream);
    expect(outcome).toMatchObject({
      status: 'failed',
      failure: { stage: 'stream', error: { code: 'INVALID_STREAM_MESSAGE' } },
    });
  });

  it('times out at its limit', async () => {
    const clock = manualClock();
    const slow: Stream = (_inbound, _out, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve());
        queueMicrotask(() => clock.advance(100));
      });
    const outcome = await runStreaming(
      streaming(slow),
      testInvocation({ timeoutMs: 100 }),
      testPorts({ clock }),
      createLocalStream(),
    );
    expect(outcome).toMatchObject({ status: 'timed-out', exitCode: 124 });
  });

  it('answers control directives through the engram, once it is ready', async () => {
    const handleControl = vi.fn(async () => ({ type: 'pong' }));
    const stream = createLocalStream();
    const answers: unknown[] = [];
    const outcome = runStreaming(
      streaming(echo, { handleControl }),
      testInvocation(),
      testPorts(),
      {
        ...stream,
        onReady: (handle) => {
          void handle({ type: 'ping' }).then((answer) => {
            answers.push(answer);
            stream.end();
          });
        },
      },
    );
    await outcome;
    expect(answers).toEqual([{ type: 'pong' }]);
    expect(handleControl).toHaveBeenCalledWith(
      { type: 'ping' },
      expect.objectContaining({ signal: expect.any(AbortSignal) }),
    );
  });
});

describe('an impulse on this machine', () => {
  const impulse = (run: (client: never, context: never) => Promise<void>): ImpulseComponent =>
    componentFrom({ run }) as ImpulseComponent;

  it('starts stories; the same token starts one, other inputs under it are refused', async () => {
    const events: TriggerEvent[] = [];
    const triggers = localTriggers({
      story: { name: 'nightly' },
      onTrigger: (event) => void events.push(event),
      clock: manualClock(9),
    });
    const outcome = await runImpulse(
      impulse(async (given) => {
        const client: import('@engramkit/engram').TriggerClient = given;
        const first = await client.startStory({ day: 1 }, { token: 'day-1' });
        expect(await client.startStory({ day: 1 }, { token: 'day-1' })).toBe(first);
        await expect(client.startStory({ day: 2 }, { token: 'day-1' })).rejects.toMatchObject({
          code: 'DUPLICATE_TOKEN',
        });
        await client.startStory({ day: 3 }, { story: { name: 'other', namespace: 'apart' } });
        await client.stopStory(first);
      }),
      testInvocation(),
      testPorts({ triggers }),
    );
    expect(outcome.failure).toBeUndefined();
    expect(
      events.map(({ type, inputs, run }) => [type, inputs, run.story.name, run.namespace]),
    ).toEqual([
      ['start', { day: 1 }, 'nightly', 'default'],
      ['start', { day: 3 }, 'other', 'apart'],
      ['stop', undefined, 'nightly', 'default'],
    ]);
  });

  it('needs a story and a client', async () => {
    expect(() => localTriggers().targetStory()).toThrow(
      expect.objectContaining({ code: 'TARGET_STORY_MISSING' }),
    );
    const outcome = await runImpulse(
      impulse(async () => undefined),
      testInvocation(),
      testPorts(),
    );
    expect(outcome.failure?.error.code).toBe('TRIGGERS_UNAVAILABLE');
  });

  it('ends well when it rejects with the reason it was stopped for, and badly otherwise', async () => {
    const stoppedWith = (error: (reason: unknown) => unknown) => {
      const controller = new AbortController();
      const component = impulse((_client, context) => {
        const { signal } = context as { readonly signal: AbortSignal };
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(error(signal.reason)));
          controller.abort();
        });
      });
      return runImpulse(
        component,
        testInvocation({ signal: controller.signal }),
        testPorts({ triggers: localTriggers() }),
      );
    };
    expect(await stoppedWith((reason) => reason)).toMatchObject({
      status: 'succeeded',
      exitCode: 0,
    });
    expect(await stoppedWith((cause) => new Error('wrapped', { cause }))).toMatchObject({
      status: 'succeeded',
    });
    expect(await stoppedWith(() => new Error('flush failed'))).toMatchObject({
      status: 'cancelled',
      failure: { error: { message: 'impulse execution failed: flush failed' } },
    });
  });

  it('on the local host writes its calls to the folder of the run', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'impulse-'));
    await using host = await openLocalHost({
      directory,
      env: {},
      logger: silentLogger,
      tracer: noopTracer,
    });
    const record = await host.impulse({
      component: impulse(async (given) => {
        const client: import('@engramkit/engram').TriggerClient = given;
        await client.startStory({ a: 1 }, { story: { name: 'told' } });
      }),
      moduleFile: '/project/impulse.ts',
    });
    expect(record).toMatchObject({ status: 'succeeded', component: { kind: 'impulse' } });
    const line = await readFile(join(record.files.directory, 'triggers.ndjson'), 'utf8');
    expect(JSON.parse(line)).toMatchObject({
      type: 'start',
      inputs: { a: 1 },
      run: { story: { name: 'told' } },
    });
    const stream = createLocalStream();
    stream.end();
    const streamed = await host.stream({
      component: streaming(echo),
      moduleFile: '/project/echo.ts',
      ...stream,
    });
    expect(streamed).toMatchObject({ status: 'succeeded', component: { kind: 'streaming' } });
    await rm(directory, { recursive: true });
  });
});
