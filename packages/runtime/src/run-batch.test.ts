import { EventEmitter, once } from 'node:events';
import { CancelledError, EngramkitError } from '@engramkit/core';
import {
  type BatchComponent,
  componentFrom,
  defineBatch,
  StructuredError,
} from '@engramkit/engram';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { manualClock } from '../test/manual-clock.js';
import { recordedLogger, testInvocation, testPorts } from '../test/ports.js';
import { createFaultListener, type Outcome, runBatch, type StageEvent } from './index.js';

/** A component from plain functions. */
function component(parts: {
  readonly init?: () => unknown;
  readonly process?: (inputs: unknown, context: { readonly signal: AbortSignal }) => unknown;
  readonly close?: () => unknown;
}): BatchComponent {
  return componentFrom({ process: () => ({ done: true }), ...parts }) as BatchComponent;
}

const stagesOf = (outcome: Outcome): string[] => outcome.stages.map(({ stage }) => stage);
const messageOf = (outcome: Outcome): string => outcome.failure?.error.message ?? '';

describe('a batch run', () => {
  it('goes through every stage in order and calls close once', async () => {
    const close = vi.fn();
    const engram = component({ init: () => undefined, close });
    const events: StageEvent[] = [];
    const outcome = await runBatch(
      engram,
      testInvocation(),
      testPorts({
        payloads: { hydrate: async (value) => value, dehydrate: async (value) => value },
        templates: { resolve: async (value) => value },
        onStage: (event) => events.push(event),
      }),
    );
    expect(outcome).toMatchObject({ status: 'succeeded', exitCode: 0, output: { done: true } });
    expect(stagesOf(outcome)).toEqual([
      'hydrate-config',
      'resolve-config',
      'decode-config',
      'expand-secrets',
      'init',
      'hydrate-inputs',
      'resolve-inputs',
      'decode-inputs',
      'process',
      'validate-output',
      'dehydrate-output',
      'close',
    ]);
    expect(close).toHaveBeenCalledTimes(1);
    expect(events.filter(({ state }) => state === 'started').map(({ stage }) => stage)).toEqual(
      stagesOf(outcome),
    );
    expect(events.filter(({ state }) => state === 'finished')).toHaveLength(12);
  });

  it('decodes weakly by the schema, and keeps to the types when told so', async () => {
    const parts = {
      inputs: z.object({ port: z.number(), tags: z.array(z.string()) }),
      process: async (inputs: { port: number; tags: string[] }) => inputs,
    };
    const inputs = { port: '8080', tags: 'one' };
    const weak = await runBatch(defineBatch(parts), testInvocation({ inputs }), testPorts());
    expect(weak.output).toEqual({ port: 8080, tags: ['one'] });
    const strict = await runBatch(
      defineBatch({ ...parts, weakDecoding: false }),
      testInvocation({ inputs }),
      testPorts(),
    );
    expect(strict).toMatchObject({ status: 'failed', failure: { stage: 'decode-inputs' } });
    expect(messageOf(strict)).toMatch(
      /^failed to unmarshal inputs into the target type: the inputs do not match the schema.*\/port.*\/tags/s,
    );
  });

  it.each([
    ['an undefined value', undefined, {}],
    ['null', null, {}],
    ['zero', 0, 0],
    ['false', false, false],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
  ])('writes %s as JSON', async (_name, returned, output) => {
    const outcome = await runBatch(
      component({ process: () => returned }),
      testInvocation(),
      testPorts(),
    );
    expect(outcome).toMatchObject({ status: 'succeeded', output });
  });
});

describe('every refusal names its stage, with the prefix of the contract', () => {
  const broken = async (): Promise<never> => {
    throw new Error('boom');
  };
  it.each<[string, Parameters<typeof testPorts>[0], string, string]>([
    [
      'hydrate-config',
      { payloads: { hydrate: broken, dehydrate: async (value) => value } },
      'failed to hydrate config: boom',
      'execution_error',
    ],
    [
      'resolve-config',
      { templates: { resolve: broken } },
      'failed to hydrate config: boom',
      'execution_error',
    ],
    [
      'expand-secrets',
      { secrets: { open: broken } },
      'failed to expand secrets: boom',
      'execution_error',
    ],
  ])('%s', async (stage, ports, message, type) => {
    const process = vi.fn();
    const outcome = await runBatch(component({ process }), testInvocation(), testPorts(ports));
    expect(outcome).toMatchObject({
      status: 'failed',
      exitCode: 1,
      failure: { stage, structured: { version: 'v1', type, message, exitClass: 'terminal' } },
    });
    expect(process).not.toHaveBeenCalled();
  });

  it('hydrate-inputs and resolve-inputs', async () => {
    const inputsOnly = (work: () => Promise<never>) => async (value: unknown) =>
      (value as { readonly inputs?: true }).inputs === true ? work() : value;
    const invocation = testInvocation({ inputs: { inputs: true } });
    const hydrate = await runBatch(
      component({}),
      invocation,
      testPorts({ payloads: { hydrate: inputsOnly(broken), dehydrate: async (value) => value } }),
    );
    expect(messageOf(hydrate)).toBe('failed to hydrate inputs: boom');
    const resolve = await runBatch(
      component({}),
      invocation,
      testPorts({ templates: { resolve: inputsOnly(broken) } }),
    );
    expect(messageOf(resolve)).toBe('failed to resolve input templates: boom');
  });

  it('lists every problem of the config and does not call init', async () => {
    const init = vi.fn();
    const engram = defineBatch({
      config: z.object({ url: z.string(), retries: z.int().max(3) }),
      init,
      process: async () => ({}),
    });
    const outcome = await runBatch(engram, testInvocation({ config: { retries: 9 } }), testPorts());
    expect(messageOf(outcome)).toMatch(/^failed to unmarshal config: .*\/url.*\/retries/s);
    expect(outcome.failure?.structured).toMatchObject({
      type: 'serialization_error',
      exitClass: 'terminal',
    });
    expect(init).not.toHaveBeenCalled();
  });

  it.each([[[1]], ['text'], [7]])('refuses %j as inputs', async (inputs) => {
    const outcome = await runBatch(component({}), testInvocation({ inputs }), testPorts());
    expect(outcome.failure).toMatchObject({
      stage: 'hydrate-inputs',
      error: { code: 'INPUTS_NOT_OBJECT' },
    });
    expect(messageOf(outcome)).toContain('must be an object');
  });

  it('checks the output by the schema and keeps it beside the failure', async () => {
    const engram = defineBatch({
      output: z.object({ count: z.number() }),
      process: async () => ({ count: 'many' }) as never,
    });
    const outcome = await runBatch(engram, testInvocation(), testPorts());
    expect(outcome).toMatchObject({ status: 'failed', exitCode: 1, output: { count: 'many' } });
    expect(outcome.failure?.structured).toMatchObject({ type: 'validation_error' });
    expect(messageOf(outcome)).toMatch(/^output schema validation failed: .*\/count/);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  it.each([
    ['a cycle', { a: cyclic }, 'JSON_CYCLIC', '/a/self'],
    ['a BigInt', { a: [1n] }, 'JSON_UNSERIALIZABLE', '/a/0'],
    ['a Map', new Map(), 'JSON_UNSERIALIZABLE', ''],
  ])('refuses %s in the output with its path', async (_name, returned, code, path) => {
    const outcome = await runBatch(
      component({ process: () => returned }),
      testInvocation(),
      testPorts(),
    );
    expect(outcome.failure).toMatchObject({
      stage: 'validate-output',
      error: { code, details: { path } },
    });
  });
});

describe('init', () => {
  it('that throws fails the run as an initialization error, and close is still called once', async () => {
    const close = vi.fn();
    const init = (): never => {
      throw new Error('no database');
    };
    const outcome = await runBatch(component({ init, close }), testInvocation(), testPorts());
    expect(outcome.failure?.structured).toMatchObject({
      type: 'initialization_error',
      message: 'engram initialization failed: no database',
    });
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('that throws something else than an error has panicked', async () => {
    const init = (): never => {
      throw 'plain text';
    };
    const outcome = await runBatch(component({ init }), testInvocation(), testPorts());
    expect(messageOf(outcome)).toBe(
      'engram initialization failed: engram Init panicked: plain text',
    );
  });

  it('that hangs over the deadline fails as an initialization error with exit code 1', async () => {
    const clock = manualClock();
    const close = vi.fn();
    const init = () => {
      queueMicrotask(() => clock.advance(2_000));
      return new Promise(() => undefined);
    };
    const outcome = await runBatch(
      component({ init, close }),
      testInvocation({ timeoutMs: 500 }),
      testPorts({ clock }),
    );
    expect(outcome).toMatchObject({ status: 'failed', exitCode: 1, failure: { stage: 'init' } });
    expect(outcome.failure?.structured.type).toBe('initialization_error');
    expect(close).toHaveBeenCalledTimes(1);
    expect(clock.pending).toBe(0);
  });

  it('that returns a rejected thenable fails the run', async () => {
    const init = () => ({
      // biome-ignore lint/suspicious/noThenProperty: a foreign thenable is what is tested.
      then: (_: unknown, reject: (error: unknown) => void) => reject(new Error('late no')),
    });
    const outcome = await runBatch(component({ init }), testInvocation(), testPorts());
    expect(messageOf(outcome)).toBe('engram initialization failed: late no');
  });

  it('in a constructor that throws counts as init', async () => {
    class Broken {
      constructor() {
        throw new Error('no constructor');
      }
      process(): void {}
    }
    const outcome = await runBatch(
      componentFrom(Broken) as BatchComponent,
      testInvocation(),
      testPorts(),
    );
    expect(outcome.failure).toMatchObject({
      stage: 'init',
      structured: { type: 'initialization_error' },
    });
  });
});

describe('process', () => {
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error('trap');
      },
      getPrototypeOf() {
        throw new Error('trap');
      },
    },
  );
  const cyclicCause = new Error('round');
  cyclicCause.cause = cyclicCause;
  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'engram Process panicked: undefined'],
    ['null', null, 'engram Process panicked: null'],
    ['a text', 'oh no', 'engram Process panicked: oh no'],
    [
      'a frozen object',
      Object.freeze({ a: 1 }),
      'engram Process panicked: [object Object] was thrown',
    ],
    ['a proxy that throws', hostile, 'engram Process panicked: an object that cannot be read'],
    ['an error whose cause is itself', cyclicCause, 'round'],
    ['a frozen error', Object.freeze(new Error('cold')), 'cold'],
  ])('that throws %s ends in one terminal failure', async (_name, thrown, message) => {
    const process = (): never => {
      throw thrown;
    };
    const outcome = await runBatch(component({ process }), testInvocation(), testPorts());
    expect(outcome).toMatchObject({
      status: 'failed',
      exitCode: 1,
      failure: { stage: 'process' },
    });
    expect(outcome.output).toBeUndefined();
    expect(messageOf(outcome)).toBe(message);
    expect(() => JSON.stringify(outcome.failure?.error)).not.toThrow();
  });

  it('that throws a structured error keeps its structure', async () => {
    const thrown = new StructuredError('validation_error', 'bad address', {
      code: 'ADDRESS',
      retryable: true,
    });
    const outcome = await runBatch(
      component({ process: () => Promise.reject(thrown) }),
      testInvocation(),
      testPorts(),
    );
    expect(outcome.failure?.structured).toMatchObject({
      type: 'validation_error',
      message: 'bad address',
      code: 'ADDRESS',
      exitClass: 'retry',
    });
    expect(outcome.failure?.thrown).toBe(thrown);
  });

  it('that ignores its signal after the deadline is left behind, with exit code 124', async () => {
    const clock = manualClock();
    const seen: unknown[] = [];
    const process = (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
      signal.addEventListener('abort', () => seen.push(signal.reason));
      queueMicrotask(() => clock.advance(1_000));
      queueMicrotask(() => clock.advance(1_000));
      return new Promise(() => undefined);
    };
    const close = vi.fn();
    const outcome = await runBatch(
      component({ process, close }),
      testInvocation({ timeoutMs: 1_000 }),
      testPorts({ clock }),
    );
    expect(outcome).toMatchObject({
      status: 'timed-out',
      exitCode: 124,
      failure: {
        stage: 'process',
        structured: { type: 'timeout', exitClass: 'retry', exitCode: 124 },
      },
    });
    expect(messageOf(outcome)).toContain('limit of 1000 ms');
    expect(seen).toHaveLength(1);
    expect(close).toHaveBeenCalledTimes(1);
    expect(clock.pending).toBe(0);
  });

  it('that returns after the deadline has timed out, and its output is kept', async () => {
    const clock = manualClock();
    const process = () => {
      clock.advance(1_500);
      return { late: true };
    };
    const outcome = await runBatch(
      component({ process }),
      testInvocation({ timeoutMs: 1_000 }),
      testPorts({ clock }),
    );
    expect(outcome).toMatchObject({ status: 'timed-out', exitCode: 124, output: { late: true } });
  });

  it('that blocks the event loop past the deadline has timed out although no timer fired', async () => {
    const clock = manualClock();
    let elapsed = 0;
    const blocked = { ...clock, monotonic: () => elapsed };
    const process = () => {
      elapsed = 5_000;
      return {};
    };
    const outcome = await runBatch(
      component({ process }),
      testInvocation({ timeoutMs: 1_000 }),
      testPorts({ clock: blocked }),
    );
    expect(outcome.exitCode).toBe(124);
  });
});

describe('cancellation', () => {
  it('before the start calls neither init nor process', async () => {
    const init = vi.fn();
    const outcome = await runBatch(
      component({ init }),
      testInvocation({
        signal: AbortSignal.abort(new CancelledError('the process received SIGTERM')),
      }),
      testPorts(),
    );
    expect(outcome).toMatchObject({ status: 'cancelled', exitCode: 1 });
    expect(messageOf(outcome)).toContain('SIGTERM');
    expect(init).not.toHaveBeenCalled();
  });

  it('reaches process through its signal, and what process then throws is the cause', async () => {
    const controller = new AbortController();
    const process = (_: unknown, { signal }: { readonly signal: AbortSignal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('connection closed')));
        controller.abort();
      });
    const outcome = await runBatch(
      component({ process }),
      testInvocation({ signal: controller.signal }),
      testPorts(),
    );
    expect(outcome).toMatchObject({
      status: 'cancelled',
      exitCode: 1,
      failure: { stage: 'process' },
    });
    expect(messageOf(outcome)).toContain('connection closed');
  });

  it('lets work that finishes anyway succeed', async () => {
    const controller = new AbortController();
    const process = async () => {
      controller.abort();
      return { finished: true };
    };
    const outcome = await runBatch(
      component({ process }),
      testInvocation({ signal: controller.signal }),
      testPorts(),
    );
    expect(outcome).toMatchObject({ status: 'succeeded', output: { finished: true } });
  });

  it('after a failure does not hide it', async () => {
    const controller = new AbortController();
    const process = (): never => {
      throw new Error('real');
    };
    const close = () => controller.abort();
    const outcome = await runBatch(
      component({ process, close }),
      testInvocation({ signal: controller.signal }),
      testPorts(),
    );
    expect(outcome).toMatchObject({ status: 'failed', failure: { error: { message: 'real' } } });
  });

  it('while inputs are decoded says why the run had to stop', async () => {
    const controller = new AbortController();
    const hanging = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => {
          queueMicrotask(() => controller.abort(new CancelledError('stop now')));
          return new Promise<never>(() => undefined);
        },
      },
    } as const;
    const clock = manualClock();
    const running = runBatch(
      defineBatch({ inputs: hanging, process: async () => ({}) }),
      testInvocation({ signal: controller.signal }),
      testPorts({ clock }),
    );
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(1_000);
    const outcome = await running;
    expect(outcome).toMatchObject({ status: 'cancelled', failure: { stage: 'decode-inputs' } });
    expect(messageOf(outcome)).toBe('stop now');
  });

  it('waits for as long as the surroundings do', async () => {
    const controller = new AbortController();
    const clock = manualClock();
    const process = async () => {
      controller.abort();
      clock.advance(20_000);
      return { slow: true };
    };
    const outcome = await runBatch(
      component({ process }),
      testInvocation({ signal: controller.signal, abandon: new AbortController().signal }),
      testPorts({ clock }),
    );
    expect(outcome).toMatchObject({ status: 'succeeded', output: { slow: true } });
  });

  it('does not wait when waiting is given up', async () => {
    const abandon = new AbortController();
    const process = () => {
      queueMicrotask(() => abandon.abort());
      return new Promise(() => undefined);
    };
    const clock = manualClock();
    const outcome = await runBatch(
      component({ process }),
      testInvocation({ abandon: abandon.signal }),
      testPorts({ clock }),
    );
    expect(outcome).toMatchObject({ status: 'cancelled', exitCode: 1 });
  });

  it('leaves no listener on a signal that many runs share', async () => {
    const controller = new AbortController();
    const add = vi.spyOn(controller.signal, 'addEventListener');
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    for (let index = 0; index < 3; index += 1) {
      await runBatch(
        component({}),
        testInvocation({ signal: controller.signal, abandon: controller.signal }),
        testPorts(),
      );
    }
    expect(add.mock.calls.length).toBeGreaterThan(0);
    expect(remove.mock.calls.length).toBeGreaterThanOrEqual(add.mock.calls.length);
  });
});

describe('storing the output', () => {
  it('is tried three times, with pauses of one and two seconds', async () => {
    const clock = manualClock();
    const { logger, lines } = recordedLogger();
    const dehydrate = vi.fn(async () => {
      queueMicrotask(() => setImmediate(() => clock.advance(2_000)));
      throw new Error('bucket is down');
    });
    const outcome = await runBatch(
      component({}),
      testInvocation(),
      testPorts({ clock, logger, payloads: { hydrate: async (value) => value, dehydrate } }),
    );
    expect(dehydrate).toHaveBeenCalledTimes(3);
    expect(outcome).toMatchObject({
      status: 'failed',
      failure: {
        stage: 'dehydrate-output',
        structured: {
          type: 'storage_error',
          message: 'failed to dehydrate output: bucket is down',
        },
      },
    });
    expect(outcome.output).toBeUndefined();
    expect(lines.map(({ fields }) => fields.backoffMs)).toEqual([1_000, 2_000]);
  });

  it('is not tried again when that cannot help', async () => {
    const dehydrate = vi.fn(async () => {
      throw new EngramkitError('too large', { code: 'PAYLOAD_TOO_LARGE' });
    });
    await runBatch(
      component({}),
      testInvocation(),
      testPorts({ payloads: { hydrate: async (value) => value, dehydrate } }),
    );
    expect(dehydrate).toHaveBeenCalledTimes(1);
  });
});

describe('secrets', () => {
  it('never show in a failure, however they get into it', async () => {
    const secret = 'hunter2-hunter2-hunter2';
    const process = (): never => {
      throw new Error(`login with ${secret} failed`, {
        cause: new Error(`token=${encodeURIComponent(secret)}`),
      });
    };
    const outcome = await runBatch(
      component({ process }),
      testInvocation(),
      testPorts({}, { token: secret }),
    );
    const { thrown: _thrown, ...reported } = outcome.failure!;
    expect(JSON.stringify(reported)).not.toContain(secret);
    expect(JSON.stringify(reported)).toContain('[REDACTED]');
  });
});

describe('schemas of the surrounding system', () => {
  const refuse = (text: string) => async (): Promise<never> => {
    throw new StructuredError('validation_error', text);
  };
  it('refuse inputs before process, and outputs after it, in their own words', async () => {
    const process = vi.fn(() => ({ a: 1 }));
    const accept = async (): Promise<void> => undefined;
    const inputs = await runBatch(
      component({ process }),
      testInvocation(),
      testPorts({
        guard: { checkInputs: refuse('input schema validation failed: x'), checkOutput: accept },
      }),
    );
    expect(inputs.failure).toMatchObject({
      stage: 'decode-inputs',
      structured: { type: 'validation_error', message: 'input schema validation failed: x' },
    });
    expect(process).not.toHaveBeenCalled();
    const output = await runBatch(
      component({ process }),
      testInvocation(),
      testPorts({
        guard: { checkInputs: accept, checkOutput: refuse('output schema validation failed: y') },
      }),
    );
    expect(output).toMatchObject({
      status: 'failed',
      output: { a: 1 },
      failure: { structured: { type: 'validation_error' } },
    });
  });
});

describe('faults of the process', () => {
  /** A process whose events a test emits. */
  const emitter = () => new EventEmitter();
  it('fail the run that is open, after its grace, with the fault as the message', async () => {
    const events = emitter();
    const clock = manualClock();
    using faults = createFaultListener({ process: events, logger: recordedLogger().logger });
    const init = () => {
      events.emit('unhandledRejection', new Error('floating'));
      queueMicrotask(() => clock.advance(1_000));
      return new Promise(() => undefined);
    };
    const outcome = await runBatch(
      component({ init }),
      testInvocation(),
      testPorts({ clock, faults }),
    );
    expect(outcome).toMatchObject({ status: 'failed', exitCode: 1, failure: { stage: 'init' } });
    expect(messageOf(outcome)).toBe(
      'engram initialization failed: a promise that nobody awaits rejected: floating',
    );
  });

  it('after the work but before the end still count', async () => {
    const events = emitter();
    using faults = createFaultListener({ process: events, logger: recordedLogger().logger });
    const close = () => void events.emit('uncaughtException', new Error('in close'));
    const outcome = await runBatch(component({ close }), testInvocation(), testPorts({ faults }));
    expect(outcome).toMatchObject({
      status: 'failed',
      failure: { error: { code: 'UNCAUGHT_EXCEPTION' } },
    });
  });

  it('go to the run that caused them when many are open, and are only logged when none is', async () => {
    const events = emitter();
    const { logger, lines } = recordedLogger();
    const faults = createFaultListener({ process: events, logger });
    const gate = new EventEmitter();
    const good = runBatch(
      component({ process: () => once(gate, 'go').then(() => ({ good: true })) }),
      testInvocation(),
      testPorts({ faults }),
    );
    const bad = runBatch(
      component({
        process: (_inputs, { signal }) => {
          events.emit('uncaughtException', new Error('mine'));
          return new Promise((_resolve, reject) => {
            if (signal.aborted) reject(signal.reason);
          });
        },
      }),
      testInvocation({ runId: 'run-2' }),
      testPorts({ faults }),
    );
    expect((await bad).failure?.error.message).toContain('mine');
    gate.emit('go');
    expect(await good).toMatchObject({ status: 'succeeded', output: { good: true } });
    expect(faults.strayFaults).toBe(0);
    events.emit('uncaughtException', undefined);
    expect(faults.strayFaults).toBe(1);
    expect(lines).toEqual([
      expect.objectContaining({ level: 'error', message: 'uncaught exception outside of a run' }),
    ]);
    faults[Symbol.dispose]();
    expect(events.eventNames()).toEqual([]);
  });
});

describe('the details of a failure', () => {
  it('are redacted, and the words of the contract stay', async () => {
    const thrown = new StructuredError('timeout', 'it took secret-token-1', {
      details: {
        header: 'Bearer secret-token-1',
        nested: [{ url: 'https://x/?k=secret-token-1' }],
      },
    });
    const process = () => Promise.reject(thrown);
    const secrets = { token: 'secret-token-1', word: 'timeout' };
    const outcome = await runBatch(
      component({ process }),
      testInvocation(),
      testPorts({}, secrets),
    );
    expect(outcome.failure?.structured.type).toBe('timeout');
    expect(JSON.stringify([outcome.failure?.structured, outcome.failure?.error])).not.toContain(
      'secret-token-1',
    );
  });
});

describe('what surrounds a run', () => {
  it('may have a progress callback that throws', async () => {
    const { logger, lines } = recordedLogger();
    const onStage = (): never => {
      throw new Error('no screen');
    };
    const outcome = await runBatch(component({}), testInvocation(), testPorts({ logger, onStage }));
    expect(outcome.status).toBe('succeeded');
    expect(lines[0]).toMatchObject({ level: 'warn', fields: { error: 'no screen' } });
  });

  it('hears of a close that fails, and the outcome stays', async () => {
    const { logger, lines } = recordedLogger();
    const close = (): never => {
      throw new Error('socket');
    };
    const outcome = await runBatch(component({ close }), testInvocation(), testPorts({ logger }));
    expect(outcome.status).toBe('succeeded');
    expect(lines).toEqual([
      { level: 'warn', message: 'close failed', fields: { error: 'socket' } },
    ]);
  });

  it('does not wait for a close that never ends', async () => {
    const clock = manualClock();
    const { logger, lines } = recordedLogger();
    const close = () => {
      queueMicrotask(() => clock.advance(5_000));
      return new Promise(() => undefined);
    };
    const outcome = await runBatch(
      component({ close }),
      testInvocation(),
      testPorts({ logger, clock }),
    );
    expect(outcome.status).toBe('succeeded');
    expect(lines[0]?.fields.error).toContain('did not end within 5000 ms');
  });
});
