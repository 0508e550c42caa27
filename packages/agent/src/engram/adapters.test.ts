import { defineBatch, defineStreaming, StructuredError } from '@engramkit/engram';
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { RawClient } from '../../test/raw-client.js';
import {
  type AgentDefinition,
  type ArcpRuntime,
  agentFromComponent,
  agentFromFunction,
  createArcpRuntime,
  SIGNAL_EVENT_KIND,
  SPAN_EVENT_KIND,
  staticTokens,
} from '../index.js';

const owned: ArcpRuntime[] = [];
afterEach(async () => {
  for (const runtime of owned.splice(0)) await runtime.close({ drainMs: 0 });
});

/** Runs one job and gives its events and its end. */
async function run(agent: AgentDefinition, input?: unknown) {
  const runtime = createArcpRuntime({
    agents: [agent],
    authenticate: staticTokens({ tok: 'alice' }),
  });
  owned.push(runtime);
  const client = new RawClient(runtime);
  await client.hello();
  client.send('job.submit', { agent: agent.name, ...(input === undefined ? {} : { input }) });
  const end = await client.next(undefined, ({ type }) => /^job\.(result|error)$/.test(type));
  const events = client.received
    .filter(({ type }) => type === 'job.event')
    .map(({ payload }) => ({ kind: payload.kind, body: payload.body as Record<string, unknown> }));
  return { events, end };
}

const greeter = defineBatch({
  name: 'greeter',
  version: '1.2.3',
  description: 'Greets.',
  inputs: z.object({ name: z.string() }),
  output: z.object({ greeting: z.string() }),
  secrets: ['api_key'],
  async process({ name }, { logger, signals, tracer, secrets, effects }) {
    logger.info('about to greet', { name, key: secrets.require('api_key') });
    await signals.emit('progress', { current: 1, total: 2, message: 'half' });
    await signals.emit('metric.cost.model', { value: 0.25, unit: 'USD' });
    await signals.emit('mood', 'good');
    tracer.startActiveSpan('greeting', (span) => {
      span.setAttribute('length', name.length);
      span.end();
    });
    await effects.once('greet', async () => 1);
    return { greeting: `Hello, ${name}` };
  },
});

describe('an engram as an agent', () => {
  const agent = agentFromComponent(greeter, {
    secrets: { api_key: 'env:KEY' },
    env: { KEY: 'sk-very-secret' },
  });

  it('runs its lifecycle: log lines, progress, signals and spans are events, the output is the result', async () => {
    const { events, end } = await run(agent, { name: 'Ada' });
    expect(end.payload).toMatchObject({
      final_status: 'success',
      result: { greeting: 'Hello, Ada' },
    });
    const of = (kind: string) =>
      events.filter((event) => event.kind === kind).map(({ body }) => body);
    expect(of('log')).toContainEqual({
      level: 'info',
      message: 'about to greet',
      attributes: expect.objectContaining({
        name: 'Ada',
        key: expect.not.stringContaining('very-secret'),
      }),
    });
    expect(of('progress')).toEqual([{ current: 1, total: 2, message: 'half' }]);
    expect(of('metric')).toEqual([{ name: 'cost.model', value: 0.25, unit: 'USD' }]);
    expect(of(SIGNAL_EVENT_KIND)).toEqual([{ key: 'mood', value: 'good' }]);
    expect(of(SPAN_EVENT_KIND)).toContainEqual(
      expect.objectContaining({ name: 'greeting', attributes: { length: 3 } }),
    );
    expect(JSON.stringify([events, end])).not.toContain('sk-very-secret');
    expect(agent).toMatchObject({ name: 'greeter', version: '1.2.3', description: 'Greets.' });
  });

  it('refuses inputs that its schema refuses, with the path', async () => {
    const { end } = await run(agent, { nome: 'Ada' });
    expect(end.type).toBe('job.error');
    expect(end.payload).toMatchObject({ code: 'INVALID_REQUEST', retryable: false });
    expect(end.payload.message).toContain('name');
  });

  it('tells what failed without a stack', async () => {
    const failing = agentFromComponent(
      defineBatch({
        name: 'failing',
        process() {
          throw new StructuredError('storage_error', 'slow down');
        },
      }),
    );
    const { end } = await run(failing, {});
    expect(end.payload).toMatchObject({
      code: 'INTERNAL_ERROR',
      message: expect.stringContaining('slow down'),
      details: { stage: 'process', type: 'storage_error' },
    });
    expect(JSON.stringify(end)).not.toMatch(/adapters\.test/);
  });

  it('is refused when it cannot be one', () => {
    const streaming = defineStreaming({ name: 's', async stream() {} });
    expect(() => agentFromComponent(streaming)).toThrow('needs a batch engram');
    expect(() => agentFromComponent(defineBatch({ process: () => 1 }))).toThrow('has no name');
  });
});

describe('a governed function as an agent', () => {
  const attributes = { function_id: 'add', version: '1.0.0', gsap_required: false };

  it('gets the input as its event and gives its data as the result', async () => {
    const { events, end } = await run(
      agentFromFunction({
        ...attributes,
        handle(event: never, context: never, call: never) {
          const { logger, emit } = call as {
            logger: { info(text: string): void };
            emit(kind: string, event: unknown): void;
          };
          logger.info('adding');
          emit('added', { by: 1 });
          const { a } = event as { a: number };
          const { invocation_id } = context as { invocation_id: string };
          return { success: true, data: { sum: a + 1, job: invocation_id !== '' }, error: null };
        },
      }),
      { a: 41 },
    );
    expect(end.payload.result).toEqual({ sum: 42, job: true });
    expect(events.map(({ kind }) => kind)).toEqual(['status', 'log', 'x-vendor.engramkit.event']);
  });

  it('ends with its error when it fails, and with a timeout when it takes too long', async () => {
    const failed = await run(
      agentFromFunction({
        ...attributes,
        handle: () => ({ success: false, data: null, error: 'no' }),
      }),
    );
    expect(failed.end.payload).toMatchObject({ code: 'INTERNAL_ERROR', message: 'no' });
    const slow = await run(
      agentFromFunction({
        ...attributes,
        max_duration_seconds: 0.02,
        handle: () => new Promise(() => undefined),
      }),
    );
    expect(slow.end.payload).toMatchObject({ code: 'TIMEOUT', final_status: 'timed_out' });
  });

  it('that needs an authorization is not served without one', () => {
    const needing = {
      ...attributes,
      gsap_required: true,
      handle: () => ({ success: true, data: 1, error: null }),
    };
    expect(() => agentFromFunction(needing)).toThrow('authorization context');
    expect(agentFromFunction(needing, { invoke: needing.handle }).name).toBe('add');
  });
});
