import { getEventListeners } from 'node:events';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import {
  manualClock,
  recordingEffects,
  recordingLogger,
  recordingSignals,
  recordingTracer,
  recordingTriggerClient,
} from './index.js';

describe('a recording logger', () => {
  it('keeps lines in order, with the fields of the loggers above', () => {
    const logger = recordingLogger();
    const child = logger.child({ step: 'a' });
    logger.info('start');
    child.child({ try: 2 }).warn('again', { step: 'b' });
    child.error('end');
    expect(logger.records).toEqual([
      { level: 'info', message: 'start', fields: {} },
      { level: 'warn', message: 'again', fields: { step: 'b', try: 2 } },
      { level: 'error', message: 'end', fields: { step: 'a' } },
    ]);
  });
});

describe('a recording tracer', () => {
  it('keeps names, attributes, events, status, times and parents, the same ones in every run', async () => {
    const clock = manualClock({ nowMs: 5 });
    const tracer = recordingTracer({ clock });
    await tracer.startActiveSpan('outer', { attributes: { a: 1 } }, async (outer) => {
      await Promise.resolve();
      const inner = tracer.startSpan('inner', { kind: SpanKind.CLIENT });
      inner.addEvent('sent', { bytes: 3 });
      inner.recordException(new TypeError('lost'));
      inner.setStatus({ code: SpanStatusCode.ERROR, message: 'lost' });
      await clock.advance(10);
      inner.end();
      inner.setAttribute('late', true);
      inner.end();
      outer.updateName('renamed');
      outer.end();
    });
    const [outer, inner] = tracer.spans;
    expect(outer).toMatchObject({
      name: 'renamed',
      traceId: '00000000000000000000000000000001',
      spanId: '0000000000000001',
      attributes: { a: 1 },
      status: { code: SpanStatusCode.UNSET },
      ended: true,
      startedAtMs: 5,
      endedAtMs: 15,
    });
    expect(outer).not.toHaveProperty('parentSpanId');
    expect(inner).toMatchObject({
      name: 'inner',
      kind: SpanKind.CLIENT,
      traceId: outer?.traceId,
      parentSpanId: '0000000000000001',
      attributes: {},
      events: [
        { name: 'sent', attributes: { bytes: 3 } },
        {
          name: 'exception',
          attributes: { 'exception.type': 'TypeError', 'exception.message': 'lost' },
        },
      ],
      status: { code: SpanStatusCode.ERROR, message: 'lost' },
    });
  });

  it('takes the parent from a given context, and none for a root', () => {
    const tracer = recordingTracer();
    const parent = tracer.startSpan('parent');
    const inParent = trace.setSpan(ROOT_CONTEXT, parent);
    tracer.startActiveSpan('child', {}, inParent, (span) => span.end());
    tracer.startSpan('root', { root: true }, inParent);
    expect(tracer.spans.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
      ['parent', undefined],
      ['child', parent.spanContext().spanId],
      ['root', undefined],
    ]);
  });
});

describe('recording effects', () => {
  it('run once per key and give the recorded result afterwards, as a copy', async () => {
    const effects = recordingEffects();
    let calls = 0;
    const charge = async ({ fencingToken }: { fencingToken: number }) => ({
      id: ++calls,
      fencingToken,
    });
    const first = await effects.once('charge', charge);
    first.id = 99;
    expect(await effects.once('charge', charge)).toEqual({ id: 1, fencingToken: 1 });
    expect(await effects.has('charge')).toBe(true);
    expect(effects.records).toEqual([
      { key: 'charge', status: 'completed', result: { id: 1, fencingToken: 1 }, attempts: 1 },
    ]);
  });

  it('release the key when the effect fails, and raise the fencing token', async () => {
    const effects = recordingEffects();
    const down = async (): Promise<number> => {
      throw new Error('smtp down');
    };
    await expect(effects.once('mail', down)).rejects.toThrow('smtp down');
    expect(await effects.has('mail')).toBe(false);
    expect(effects.records).toEqual([{ key: 'mail', status: 'released', attempts: 1 }]);
    expect(await effects.once('mail', async ({ fencingToken }) => fencingToken)).toBe(2);
    expect(effects.records).toEqual([{ key: 'mail', status: 'completed', result: 2, attempts: 2 }]);
  });

  it('let concurrent callers share one run', async () => {
    const effects = recordingEffects();
    let calls = 0;
    const results = await Promise.all(
      Array.from({ length: 20 }, () => effects.once('key', async () => ++calls)),
    );
    expect(results).toEqual(Array.from({ length: 20 }, () => 1));
  });

  it('start from what an earlier try recorded, or left unknown', async () => {
    const effects = recordingEffects({ recorded: { done: { id: 7 } } });
    const never = async (): Promise<{ readonly id: number }> => {
      throw new Error('must not run');
    };
    expect(await effects.once('done', never)).toEqual({ id: 7 });
    effects.markUnknown('lost');
    await expect(effects.once('lost', never)).rejects.toMatchObject({
      code: 'EFFECT_UNKNOWN',
      retry: 'unknown',
    });
    await effects.record('lost', { details: { found: true } });
    expect(await effects.has('lost')).toBe(true);
    await effects.record('lost', { status: 'other' });
    expect(effects.records.map(({ key, result }) => [key, result])).toEqual([
      ['done', { id: 7 }],
      ['lost', { details: { found: true } }],
    ]);
  });

  it('leave no timer behind on the clock', async () => {
    const clock = manualClock();
    const effects = recordingEffects({ clock });
    await effects.once('a', async () => 1);
    await effects.once('b', () => Promise.reject(new Error('no'))).catch(() => undefined);
    expect(clock.pending).toEqual([]);
  });
});

describe('recording signals', () => {
  it('keep the order, the present values, and replay what came after a number', async () => {
    const clock = manualClock({ nowMs: 100 });
    const signals = recordingSignals({ clock });
    await signals.emit(' progress ', { done: 1 });
    await clock.advance(1);
    await signals.emit('progress', { done: 2 });
    await signals.emit('phase', 'reading');
    await signals.emit('phase', null);
    expect(signals.current).toEqual({ progress: { done: 2 } });
    expect(signals.events.map(({ sequence, emittedAtMs }) => [sequence, emittedAtMs])).toEqual([
      [1, 100],
      [2, 101],
      [3, 101],
      [4, 101],
    ]);
    expect(signals.events.at(-1)).not.toHaveProperty('payload');
    const replayed = [];
    for await (const event of signals.replay({ afterSequence: 2 })) replayed.push(event.key);
    expect(replayed).toEqual(['phase', 'phase']);
    await expect(signals.emit('', 1)).rejects.toMatchObject({ code: 'SIGNAL_KEY_REQUIRED' });
  });
});

describe('a recording trigger client', () => {
  it('names runs by story and number, and starts one run per token', async () => {
    const client = recordingTriggerClient();
    const first = await client.startStory({ at: 1 }, { token: 't' });
    expect(first).toMatchObject({ name: 'test-story-1', namespace: 'default' });
    expect(await client.startStory({ at: 1 }, { token: 't' })).toBe(first);
    await expect(client.startStory({ at: 2 }, { token: 't' })).rejects.toMatchObject({
      code: 'DUPLICATE_TOKEN',
    });
    const other = await client.startStory(
      {},
      { story: { name: 'other', namespace: 'ns' }, token: 't' },
    );
    expect(other).toMatchObject({ name: 'other-2', namespace: 'ns' });
    await client.stopStory(other);
    expect(client.stops).toEqual([{ name: 'other-2', namespace: 'ns' }]);
    expect(client.starts.map(({ inputs }) => inputs)).toEqual([{ at: 1 }, {}]);
  });

  it('has no target when told so, and can be made to fail', async () => {
    const unbound = recordingTriggerClient({ target: null });
    await expect(unbound.startStory({})).rejects.toMatchObject({ code: 'TARGET_STORY_MISSING' });
    const failing = recordingTriggerClient({
      beforeStart: () => {
        throw new Error('api down');
      },
    });
    await expect(failing.startStory({})).rejects.toThrow('api down');
    expect(failing.starts).toEqual([]);
  });

  it('tells when enough was started, and leaves no listener behind', async () => {
    const client = recordingTriggerClient();
    const { signal } = new AbortController();
    const two = client.whenStarted(2, { signal });
    await client.startStory({});
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await client.startStory({});
    await two;
    await client.whenStarted(1, { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    const stopped = new AbortController();
    const never = client.whenStarted(9, { signal: stopped.signal });
    stopped.abort(new Error('over'));
    await expect(never).rejects.toThrow('over');
    await expect(client.whenStarted(9, { signal: stopped.signal })).rejects.toThrow('over');
  });
});
