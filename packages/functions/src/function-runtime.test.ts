import { CancelledError, type JsonObject, systemClock } from '@engramkit/core';
import { defineBatch } from '@engramkit/engram';
import { contentId, memoryIdempotencyStore, PyFloat } from '@engramkit/ids';
import { manualClock } from '@engramkit/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type ChronicleClient,
  type ChronicleEvent,
  defineFunction,
  EchoFunction,
  type FunctionCall,
  FunctionRegistry,
  FunctionResult,
  FunctionRuntime,
  type FunctionRuntimeOptions,
  functionFromBatch,
  type GovernedFunction,
  lineage,
  memoryChronicle,
  succeeded,
  verifyLineage,
} from './index.js';

function runtimeOf(
  functions: readonly GovernedFunction[],
  options: FunctionRuntimeOptions = {},
  chronicle: ChronicleClient = memoryChronicle(),
): FunctionRuntime {
  const registry = new FunctionRegistry();
  for (const one of functions) registry.register(one);
  return new FunctionRuntime(registry, chronicle, options);
}

const free = { gsap_required: false } as const;

describe('invoke', () => {
  it('refuses in the order of the contract, with its texts and without an event', async () => {
    const chronicle = memoryChronicle();
    const strict = defineFunction({ function_id: 'strict' }, () => 1);
    const runtime = runtimeOf([strict], {}, chronicle);
    expect(await runtime.invoke('nobody', {})).toMatchObject({
      success: false,
      error: 'Unknown function: nobody',
    });
    expect(await runtime.invoke('strict', {})).toMatchObject({
      success: false,
      error: 'GSAP context required but not provided',
    });
    expect(chronicle.list()).toEqual([]);
    const allowed = await runtime.invoke('strict', {}, { gsap_context_id: 'ac-1' });
    expect(allowed).toMatchObject({ success: true, data: 1 });
  });

  it('asks the capability policy with mask, context and caller', async () => {
    const asked: unknown[] = [];
    const guarded = defineFunction({ function_id: 'pay', capability_mask: 3, ...free }, () => 1);
    const runtime = runtimeOf([guarded], {
      capabilityPolicy(mask, question) {
        asked.push(mask, question.functionId, question.principal?.id);
        return { allow: false, reason: 'no MUTATE' };
      },
    });
    const result = await runtime.invoke('pay', {}, {}, { principal: { id: 'ada' } });
    expect(result).toMatchObject({ success: false, error: 'Capability denied: no MUTATE' });
    expect(result.metadata.code).toBe('CAPABILITY_DENIED');
    expect(asked).toEqual([3, 'pay', 'ada']);
  });

  it('records the beginning, runs the handler, records the end: in this order, with these facts', async () => {
    const clock = manualClock({ nowMs: Date.UTC(2026, 2, 30) });
    const steps: string[] = [];
    const events: ChronicleEvent[] = [];
    const chronicle: ChronicleClient = {
      async append(event) {
        steps.push(event.type);
        events.push(event);
        return { cid: contentId(event), sequence: events.length - 1 };
      },
    };
    const slow = defineFunction(
      { function_id: 'slow', capability_mask: 5, ...free },
      async (_event, context) => {
        steps.push('handler');
        await clock.advance(12.5);
        return { seen: context.invocation_id };
      },
    );
    const runtime = runtimeOf([slow], { clock }, chronicle);
    const given = { trigger_event_kind: 'X', trigger_event_cid: 'sha256:up', pipeline_run_id: 'p' };
    const result = await runtime.invoke('slow', { n: new PyFloat(1) }, given);
    expect(steps).toEqual(['dev.gsap.function.invoked', 'handler', 'dev.gsap.function.completed']);
    const id = result.metadata.invocation_id as string;
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(given).not.toHaveProperty('invocation_id');
    const facts = {
      function_id: 'slow',
      trigger_event_kind: 'X',
      trigger_event_cid: 'sha256:up',
      invocation_id: id,
      gsap_context_id: '',
      chronicle_session_id: '',
      pipeline_run_id: 'p',
      corpus_entry_cid: '',
      capability_mask: 5,
      input_cid: contentId({ n: new PyFloat(1) }),
    };
    expect(events[0]).toEqual({
      specversion: '1.0',
      id: `${id}/invoked`,
      source: 'gsap://functions/slow',
      type: 'dev.gsap.function.invoked',
      subject: 'slow',
      time: '2026-03-30T00:00:00.000Z',
      datacontenttype: 'application/json',
      data: { event_code: '0x2A01', event_kind: 'FUNCTION_INVOKED', ...facts },
    });
    expect(events[1]?.data).toEqual({
      event_code: '0x2A02',
      event_kind: 'FUNCTION_COMPLETED',
      ...facts,
      success: true,
      error: null,
      duration_ms: 12.5,
      output_cid: result.outputCid(),
      parent_cid: contentId(events[0]),
    });
    expect(result).toMatchObject({ success: true, data: { seen: id }, duration_ms: 12.5 });
    expect(result.lineage_cid).toBe(contentId(events[1]));
  });

  it('ends a handler that ignores its time limit, and records the failure', async () => {
    const clock = manualClock();
    const chronicle = memoryChronicle();
    let reason: unknown;
    const hang = defineFunction(
      { function_id: 'hang', max_duration_seconds: 2, ...free },
      (_event, _context, { signal }) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
        });
        return new Promise(() => undefined);
      },
    );
    const runtime = runtimeOf([hang], { clock }, chronicle);
    const pending = runtime.invoke('hang');
    await clock.advance(1_999);
    expect(reason).toBeUndefined();
    await clock.advance(1);
    expect(await pending).toMatchObject({
      success: false,
      error: 'Function timed out after 2s',
      duration_ms: 2_000,
      metadata: { code: 'TIMEOUT' },
    });
    expect(reason).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(chronicle.list().map(({ event }) => event.data.event_kind)).toEqual([
      'FUNCTION_INVOKED',
      'FUNCTION_FAILED',
    ]);
    expect(clock.pending).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['an error', new Error('broken'), 'broken'],
    ['undefined', undefined, 'undefined'],
    ['a text', 'so not', 'so not'],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('x');
          },
          getOwnPropertyDescriptor: () => {
            throw new Error('x');
          },
        },
      ),
      '[object Object] was thrown',
    ],
  ])('turns %s that a handler throws into a failed result', async (_what, thrown, error) => {
    const bad = defineFunction({ function_id: 'bad', ...free }, () => {
      throw thrown;
    });
    expect(await runtimeOf([bad]).invoke('bad')).toMatchObject({ success: false });
    if (!error.startsWith('[')) expect((await runtimeOf([bad]).invoke('bad')).error).toBe(error);
  });

  it('fails a call whose result has no content id, or is no result at all', async () => {
    const odd = defineFunction({ function_id: 'odd', ...free }, () => ({ at: new Date(0) }));
    expect(await runtimeOf([odd]).invoke('odd')).toMatchObject({ success: false });
    const bare = {
      ...new EchoFunction(),
      handle: () => 7 as never,
      healthCheck: () => true,
    } as unknown as GovernedFunction;
    expect(await runtimeOf([bare]).invoke('echo')).toMatchObject({
      success: false,
      error: 'Function echo returned no FunctionResult',
    });
  });

  it('checks event and result by their schemas', async () => {
    const double = defineFunction(
      {
        function_id: 'double',
        event: z.object({ n: z.number() }),
        result: z.number().max(10),
        ...free,
      },
      ({ n }) => n * 2,
    );
    const runtime = runtimeOf([double]);
    expect(await runtime.invoke('double', { n: new PyFloat(2) })).toMatchObject({ data: 4 });
    expect(await runtime.invoke('double', { n: 'x' })).toMatchObject({
      success: false,
      metadata: { code: 'SCHEMA_MISMATCH' },
    });
    expect(await runtime.invoke('double', { n: 6 })).toMatchObject({ success: false });
    expect(await double({ n: 3 })).toBe(6);
  });

  it('leaves no trace of a function that is not to be recorded', async () => {
    const chronicle = memoryChronicle();
    const quiet = defineFunction(
      { function_id: 'quiet', chronicle_enabled: false, ...free },
      () => 1,
    );
    const result = await runtimeOf([quiet], {}, chronicle).invoke('quiet');
    expect(result).toMatchObject({ success: true, lineage_cid: '' });
    expect(chronicle.list()).toEqual([]);
  });

  it('keeps the outcome when the chronicle fails, and says so; refuses when the chronicle is required', async () => {
    let ran = 0;
    const count = defineFunction({ function_id: 'count', ...free }, () => ++ran);
    const dead: ChronicleClient = { append: () => Promise.reject(new Error('disk full')) };
    const runtime = runtimeOf([count], {}, dead);
    expect(await runtime.invoke('count')).toMatchObject({
      success: true,
      data: 1,
      lineage_cid: '',
      metadata: { chronicle_error: 'disk full' },
    });
    expect(runtime.chronicleFailures).toBe(2);
    const closed = runtimeOf([count], { chronicle: 'required' }, dead);
    expect(await closed.invoke('count')).toMatchObject({
      success: false,
      metadata: { code: 'CHRONICLE_FAILED' },
    });
    expect(ran).toBe(1);
  });

  it('does not wait for ever for a chronicle that hangs', async () => {
    const clock = manualClock();
    const hanging: ChronicleClient = { append: () => new Promise(() => undefined) };
    const runtime = runtimeOf([new EchoFunction()], { clock, chronicleTimeoutMs: 10 }, hanging);
    const pending = runtime.invoke('echo', 1);
    await clock.advance(10);
    await clock.advance(10);
    expect(await pending).toMatchObject({ success: true });
    expect(clock.pending).toEqual([]);
  });

  it('tells the handler when the caller is gone, and leaves it behind after the grace', async () => {
    const clock = manualClock();
    const caller = new AbortController();
    const stubborn = defineFunction(
      { function_id: 'stubborn', ...free },
      () => new Promise(() => undefined),
    );
    const pending = runtimeOf([stubborn], { clock }).invoke(
      'stubborn',
      {},
      {},
      { signal: caller.signal },
    );
    await clock.advance(5);
    caller.abort(new CancelledError('gone', { code: 'DISCONNECTED' }));
    await clock.advance(1_000);
    expect(await pending).toMatchObject({ success: false, metadata: { code: 'DISCONNECTED' } });
    expect(clock.pending).toEqual([]);
  });
});

describe('idempotency', () => {
  it('carries out a key once, also for callers at the same time, and replays data without loss', async () => {
    let ran = 0;
    const once = defineFunction({ function_id: 'once', ...free }, async () => {
      ran += 1;
      await Promise.resolve();
      return { float: new PyFloat(2), large: 2n ** 70n, ran };
    });
    const runtime = runtimeOf([once], { idempotency: { store: memoryIdempotencyStore() } });
    const call = () => runtime.invoke('once', { a: 1 }, {}, { idempotencyKey: 'k' });
    const results = await Promise.all([call(), call(), call()]);
    results.push(await call());
    expect(ran).toBe(1);
    expect(new Set(results.map((result) => result.outputCid())).size).toBe(1);
    expect(results.filter(({ metadata }) => metadata.replayed === true)).toHaveLength(3);
    expect(new Set(results.map(({ metadata }) => metadata.invocation_id)).size).toBe(1);
    const other = await runtime.invoke('once', { a: 2 }, {}, { idempotencyKey: 'k' });
    expect(other.metadata.code).toBe('IDEMPOTENCY_KEY_REUSED');
    const stranger = { idempotencyKey: 'k', principal: { id: 'eve' } };
    await runtime.invoke('once', { a: 1 }, {}, stranger);
    expect(ran).toBe(2);
  });

  it('records the result for the key although the caller is gone', async () => {
    const caller = new AbortController();
    const release: { now?: () => void } = {};
    const slow = defineFunction({ function_id: 'slow', ...free }, async () => {
      await new Promise<void>((resolve) => {
        release.now = resolve;
      });
      return 'done';
    });
    const runtime = runtimeOf([slow], {
      idempotency: { store: memoryIdempotencyStore() },
      graceMs: 0,
    });
    const first = runtime.invoke('slow', {}, {}, { idempotencyKey: 'k', signal: caller.signal });
    while (release.now === undefined)
      await new Promise((resolve) => systemClock.setTimer(() => resolve(undefined), 0));
    caller.abort(new CancelledError('gone'));
    release.now();
    expect(await first).toMatchObject({ data: 'done' });
    expect(await runtime.invoke('slow', {}, {}, { idempotencyKey: 'k' })).toMatchObject({
      data: 'done',
      metadata: { replayed: true },
    });
  });

  it('lets the next call try again when failures do not count', async () => {
    let ran = 0;
    const flaky = defineFunction({ function_id: 'flaky', ...free }, () => {
      ran += 1;
      if (ran === 1) throw new Error('not yet');
      return ran;
    });
    const store = memoryIdempotencyStore();
    const runtime = runtimeOf([flaky], { idempotency: { store, onFailure: 'release' } });
    const call = () => runtime.invoke('flaky', {}, {}, { idempotencyKey: 'k' });
    expect(await call()).toMatchObject({ success: false, error: 'not yet' });
    expect(await call()).toMatchObject({ success: true, data: 2 });
    expect(await call()).toMatchObject({ data: 2, metadata: { replayed: true } });
  });

  it('keeps keys in memory when there is no store, and runs a dispatch every time', async () => {
    let ran = 0;
    const count = defineFunction(
      { function_id: 'count', trigger_events: ['E'], ...free },
      () => ++ran,
    );
    const runtime = runtimeOf([count]);
    for (let call = 0; call < 3; call += 1) {
      expect(await runtime.invoke('count', {}, {}, { idempotencyKey: 'k' })).toMatchObject({
        data: 1,
      });
    }
    await runtime.dispatch('E');
    await runtime.dispatch('E');
    expect(ran).toBe(3);
  });
});

describe('dispatch', () => {
  const on = (id: string, work: (event: unknown, call: FunctionCall) => unknown) =>
    defineFunction({ function_id: id, trigger_events: ['E'], ...free }, (event, _context, call) =>
      work(event, call),
    );

  it('calls every target with ids of its own; one that fails or hangs affects no other', async () => {
    const clock = manualClock();
    const runtime = runtimeOf(
      [
        on('hangs', () => new Promise(() => undefined)),
        on('fails', () => {
          throw new Error('no');
        }),
        on('works', () => 'yes'),
      ],
      { clock },
    );
    const pending = runtime.dispatch('E', { a: 1 }, { gsap_context_id: 'g' });
    await clock.advance(30_000);
    const results = await pending;
    expect(results.map(({ functionId, result }) => [functionId, result.success])).toEqual([
      ['hangs', false],
      ['fails', false],
      ['works', true],
    ]);
    expect(new Set(results.map(({ result }) => result.metadata.invocation_id)).size).toBe(3);
    expect(await runtime.dispatch('nothing')).toEqual([]);
  });

  it('names the event by its content when it has no id', async () => {
    const chronicle = memoryChronicle();
    const runtime = runtimeOf([on('a', () => 1)], {}, chronicle);
    await runtime.dispatch('E', { x: 1 });
    await runtime.dispatch('E', { x: 1 }, { trigger_event_cid: 'sha256:given' });
    const cids = chronicle.list().map(({ event }) => event.data.trigger_event_cid);
    expect([cids[0], cids[2]]).toEqual([contentId({ kind: 'E', event: { x: 1 } }), 'sha256:given']);
  });

  it('runs at most as many at once as it may, and one after the other when ordered', async () => {
    for (const [options, most] of [
      [{}, 8],
      [{ ordered: true }, 1],
      [{ concurrency: 3 }, 3],
    ] as const) {
      let running = 0;
      let highest = 0;
      const functions = Array.from({ length: 20 }, (_, index) =>
        on(`f${index}`, async () => {
          running += 1;
          highest = Math.max(highest, running);
          await Promise.resolve();
          running -= 1;
        }),
      );
      await runtimeOf(functions).dispatch('E', {}, {}, options);
      expect(highest).toBe(most);
    }
  });

  it('runs a function once per event when there is a store', async () => {
    let ran = 0;
    const store = memoryIdempotencyStore();
    const runtime = runtimeOf([on('a', () => ++ran)], { idempotency: { store } });
    await runtime.dispatch('E', { x: 1 });
    const [again] = await runtime.dispatch('E', { x: 1 });
    expect(again?.result).toMatchObject({ data: 1, metadata: { replayed: true } });
    await runtime.dispatch('E', { x: 2 });
    expect(ran).toBe(2);
  });

  it('ends a cycle of events', async () => {
    let calls = 0;
    const ping = on('ping', (_event, call) => {
      calls += 1;
      call.emit('E', { same: true });
      return calls;
    });
    for (const chronicle of [undefined, memoryChronicle()]) {
      calls = 0;
      const registry = new FunctionRegistry();
      registry.register(ping);
      const [first] = await new FunctionRuntime(registry, chronicle).dispatch('E', { same: true });
      expect(calls).toBe(1);
      expect(first?.result.metadata.follow_ups).toMatchObject([
        { error: 'Dispatch cycle detected' },
      ]);
    }
  });

  it('ends a cascade that never sees the same event twice at its depth', async () => {
    let calls = 0;
    const grow = on('grow', (event, call) => {
      calls += 1;
      call.emit('E', { n: ((event as JsonObject).n as number) + 1 });
      return calls;
    });
    await runtimeOf([grow]).dispatch('E', { n: 0 });
    expect(calls).toBe(16);
  });
});

describe('lineage', () => {
  const start = defineFunction({ function_id: 'start', ...free }, (_event, _context, { emit }) => {
    emit('NEXT', { n: 1 });
    return 'started';
  });
  const next = defineFunction(
    { function_id: 'next', trigger_events: ['NEXT'], ...free },
    () => 'followed',
  );

  it('leads from a follow-up over the completion that caused it to the origin', async () => {
    const chronicle = memoryChronicle();
    const runtime = runtimeOf([start, next], {}, chronicle);
    const result = await runtime.invoke('start', {}, { trigger_event_cid: 'sha256:outside' });
    const [followUp] = result.metadata.follow_ups as [{ readonly lineage_cid: string }];
    const steps = await lineage(chronicle, followUp.lineage_cid);
    expect(steps.map(({ event }) => [event.subject, event.data.event_kind])).toEqual([
      ['next', 'FUNCTION_COMPLETED'],
      ['next', 'FUNCTION_INVOKED'],
      ['start', 'FUNCTION_COMPLETED'],
      ['start', 'FUNCTION_INVOKED'],
    ]);
    expect(steps[2]?.cid).toBe(result.lineage_cid);
    expect(await verifyLineage(chronicle, followUp.lineage_cid)).toMatchObject({
      valid: true,
      origin: 'sha256:outside',
    });
  });

  it('does not hold when one character of one event is another one, or an event is gone', async () => {
    const chronicle = memoryChronicle();
    const result = await runtimeOf([start, next], {}, chronicle).invoke('start');
    const [followUp] = result.metadata.follow_ups as [{ readonly lineage_cid: string }];
    for (const { cid, event } of chronicle.list()) {
      const text = JSON.stringify(event);
      for (let at = 0; at < text.length; at += 7) {
        const other = text[at] === 'x' ? 'y' : 'x';
        let altered: ChronicleEvent;
        try {
          altered = JSON.parse(text.slice(0, at) + other + text.slice(at + 1)) as ChronicleEvent;
        } catch {
          continue; // No JSON any more: a chronicle could not even read it.
        }
        const source = { find: async (id: string) => (id === cid ? altered : chronicle.find(id)) };
        expect((await verifyLineage(source, followUp.lineage_cid)).valid).toBe(false);
      }
      const without = { find: async (id: string) => (id === cid ? undefined : chronicle.find(id)) };
      const verified = await verifyLineage(without, followUp.lineage_cid);
      // What an invocation follows from may be outside: then the walk ends there and says so.
      expect(verified.valid ? verified.origin : verified.broken?.cid).toBe(cid);
    }
  });
});

describe('a batch engram', () => {
  const greet = defineBatch({
    name: 'greet',
    version: '1.2.3',
    inputs: z.object({ who: z.string() }),
    output: z.object({ text: z.string() }),
    process: ({ who }) => ({ text: `Hello, ${who}` }),
  });

  it('is a function without change', async () => {
    const runtime = runtimeOf([functionFromBatch(greet)]);
    expect(runtime.registry.entry('greet')?.attributes.version).toBe('1.2.3');
    expect(await runtime.invoke('greet', { who: 'Ada' })).toMatchObject({
      success: true,
      data: { text: 'Hello, Ada' },
    });
    expect(await runtime.invoke('greet', { who: 7n })).toMatchObject({
      success: false,
      metadata: { stage: 'decode-inputs' },
    });
  });
});

it('the echo function answers with the event as it came', async () => {
  const event = { float: new PyFloat(1), int: 1 };
  const result = await runtimeOf([new EchoFunction()]).invoke('echo', event);
  const expected = { echo: event, invocation_id: result.metadata.invocation_id };
  expect(result.outputCid()).toBe(contentId(expected));
  expect(new FunctionResult()).toMatchObject({ success: false, data: null, error: null });
  expect(succeeded(1).outputCid()).toBe(contentId(1));
});
