import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { EngramkitError } from '@engramkit/core';
import { type BatchComponent, componentFrom } from '@engramkit/engram';
import { trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { manualClock } from '../../test/manual-clock.js';
import { recordedLogger, testInvocation, testPorts } from '../../test/ports.js';
import { createRedaction, createTracing, runBatch, silentLogger, type Tracing } from '../index.js';

interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly {
    readonly key: string;
    readonly value: { readonly stringValue?: string };
  }[];
  readonly events: readonly unknown[];
}

/** A receiver of OTLP over HTTP with JSON, on loopback. */
interface Receiver {
  readonly url: string;
  readonly requests: {
    readonly path: string;
    readonly headers: NodeJS.Dict<string | string[]>;
    readonly body: string;
  }[];
  spans(): ReceivedSpan[];
}

let server: Server;
let receiver: Receiver;
let answer: (() => void) | undefined;
const open: Tracing[] = [];

beforeEach(async () => {
  const requests: Receiver['requests'] = [];
  answer = undefined;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
      requests.push({
        path: request.url ?? '',
        headers: request.headers,
        body: body.toString('utf8'),
      });
      response.setHeader('content-type', request.headers['content-type'] ?? '');
      if (answer === undefined)
        response.end(request.headers['content-type'] === 'application/json' ? '{}' : '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  receiver = {
    url: `http://127.0.0.1:${port}`,
    requests,
    spans: () =>
      requests.flatMap(({ body }) =>
        JSON.parse(body).resourceSpans.flatMap(
          (resource: { scopeSpans: { spans: ReceivedSpan[] }[] }) =>
            resource.scopeSpans.flatMap(({ spans }) => spans),
        ),
      ),
  };
});
afterEach(async () => {
  for (const tracing of open.splice(0)) await tracing.shutdown(100);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function tracingWith(env: Record<string, string>, more: object = {}): Promise<Tracing> {
  const tracing = await createTracing({ env, logger: silentLogger, ...more });
  open.push(tracing);
  return tracing;
}

const jsonTo = (url: string): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
});

const component = (process: (inputs: never, context: never) => unknown): BatchComponent =>
  componentFrom({ process }) as BatchComponent;

const run = (tracing: Tracing, process: (inputs: never, context: never) => unknown) => {
  const { tracer, spans } = tracing;
  return runBatch(
    component(process),
    testInvocation(),
    testPorts({ tracer, ...(spans === undefined ? {} : { spans }) }),
  );
};

describe('without configuration', () => {
  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['an empty endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    [
      'the SDK switched off',
      { OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
    ],
    [
      'no exporter',
      { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
    ],
  ])('%s exports nothing, and spans go nowhere', async (_name, env) => {
    const tracing = await tracingWith(env);
    expect(tracing).toMatchObject({ enabled: false });
    expect(tracing.spans).toBeUndefined();
    expect(tracing.tracer.startSpan('x').isRecording()).toBe(false);
    expect(tracing.tracer.startActiveSpan('x', (span) => span.isRecording())).toBe(false);
    expect((await run(tracing, () => ({}))).status).toBe('succeeded');
  });

  it('spans go to a provider that somebody else registers later', async () => {
    const tracing = await tracingWith({});
    const other = vi.fn();
    trace.setGlobalTracerProvider({
      getTracer: () => ({ startSpan: other, startActiveSpan: other }) as never,
    });
    tracing.tracer.startSpan('seen');
    expect(other).toHaveBeenCalledWith('seen');
    trace.disable();
  });

  it('a name that is not known is said', async () => {
    const { logger, lines } = recordedLogger();
    await createTracing({ env: { OTEL_TRACES_EXPORTER: 'zipkin' }, logger });
    expect(lines[0]).toMatchObject({
      level: 'warn',
      fields: { variable: 'OTEL_TRACES_EXPORTER', got: 'zipkin' },
    });
  });
});

describe('with an endpoint', () => {
  it('a run is one span with one span per stage below it, and the spans of the author below process', async () => {
    const tracing = await tracingWith({
      ...jsonTo(receiver.url),
      OTEL_SERVICE_NAME: 'quakes',
      OTEL_RESOURCE_ATTRIBUTES: 'team=geo%20physics',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    });
    await run(tracing, (_: never, context: never) => {
      const { tracer } = context as { readonly tracer: Tracing['tracer'] };
      return tracer.startActiveSpan('author.work', (span) => {
        span.end();
        return {};
      });
    });
    await tracing.shutdown();
    expect(receiver.requests[0]).toMatchObject({
      path: '/v1/traces',
      headers: { authorization: 'Bearer abc' },
    });
    const spans = receiver.spans();
    const named = (name: string) => spans.find((span) => span.name === name);
    const root = named('engramkit.run');
    expect(root?.parentSpanId ?? '').toBe('');
    expect(root?.attributes).toContainEqual({
      key: 'engramkit.run.id',
      value: { stringValue: 'run-1' },
    });
    expect(root?.attributes).toContainEqual({
      key: 'engramkit.run.status',
      value: { stringValue: 'succeeded' },
    });
    const stages = spans.filter(({ name }) => name.startsWith('engramkit.stage.'));
    expect(stages.map(({ parentSpanId }) => parentSpanId)).toEqual(stages.map(() => root?.spanId));
    expect(stages.length).toBeGreaterThan(5);
    expect(named('author.work')?.parentSpanId).toBe(named('engramkit.stage.process')?.spanId);
    expect(receiver.requests[0]?.body).toContain('quakes');
    expect(receiver.requests[0]?.body).toContain('geo physics');
  });

  it('a failed stage has an error status, and secrets are taken out of every text', async () => {
    const redaction = createRedaction();
    redaction.add(['super-secret-value']);
    const tracing = await tracingWith(
      {
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/own/path`,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      },
      { redaction },
    );
    await run(tracing, (_: never, context: never) => {
      const { tracer } = context as { readonly tracer: Tracing['tracer'] };
      const span = tracer.startSpan('super-secret-value', {
        attributes: { key: 'super-secret-value', list: ['super-secret-value'] },
      });
      span.addEvent('super-secret-value', { at: 'super-secret-value' });
      span.recordException(new Error('super-secret-value'));
      span.end();
      throw new Error('with super-secret-value inside');
    });
    await tracing.shutdown();
    const text = receiver.requests.map(({ body }) => body).join('');
    expect(receiver.requests[0]?.path).toBe('/own/path');
    expect(text).not.toContain('super-secret-value');
    expect(text).toContain('[REDACTED]');
    expect(
      receiver.spans().find(({ name }) => name === 'engramkit.stage.process')?.status,
    ).toMatchObject({ code: 2 });
  });

  it('a TRACEPARENT makes the run a part of that trace, and its sampling decision holds', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const sampled = await tracingWith({
      ...jsonTo(receiver.url),
      TRACEPARENT: `00-${traceId}-b7ad6b7169203331-01`,
      TRACESTATE: 'a=b',
    });
    await run(sampled, () => ({}));
    await sampled.shutdown();
    const root = receiver.spans().find(({ name }) => name === 'engramkit.run');
    expect(root).toMatchObject({ traceId, parentSpanId: 'b7ad6b7169203331' });
    const count = receiver.spans().length;
    const unsampled = await tracingWith({
      ...jsonTo(receiver.url),
      TRACEPARENT: `00-${traceId}-b7ad6b7169203331-00`,
    });
    await run(unsampled, () => ({}));
    await unsampled.shutdown();
    expect(receiver.spans()).toHaveLength(count);
  });

  it('a TRACEPARENT that is none is said and ignored', async () => {
    const { logger, lines } = recordedLogger();
    await tracingWith({ ...jsonTo(receiver.url), TRACEPARENT: '00-zero-zero-01' }, { logger });
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('TRACEPARENT') }),
    ]);
  });

  it('the sampler of the environment decides', async () => {
    const off = await tracingWith({ ...jsonTo(receiver.url), OTEL_TRACES_SAMPLER: 'always_off' });
    await run(off, () => ({}));
    await off.shutdown();
    expect(receiver.requests).toEqual([]);
    const never = await tracingWith({
      ...jsonTo(receiver.url),
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
    });
    await run(never, () => ({}));
    await never.shutdown();
    expect(receiver.requests).toEqual([]);
  });

  it('protobuf is the default protocol', async () => {
    const tracing = await tracingWith({ OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/` });
    await run(tracing, () => ({}));
    await tracing.shutdown();
    expect(receiver.requests[0]).toMatchObject({
      path: '/v1/traces',
      headers: { 'content-type': 'application/x-protobuf' },
    });
    expect(receiver.requests[0]?.body).toContain('engramkit.run');
  });

  it('a receiver that does not answer holds nobody up longer than the limit', async () => {
    answer = () => undefined;
    const clock = manualClock();
    const { logger, lines } = recordedLogger();
    const env = { ...jsonTo(receiver.url), OTEL_EXPORTER_OTLP_TIMEOUT: '200' };
    const tracing = await tracingWith(env, { clock, logger });
    await run(tracing, () => ({}));
    const closing = tracing.shutdown(500);
    await vi.waitFor(() => expect(receiver.requests).toHaveLength(1));
    clock.advance(500);
    await closing;
    expect(lines).toEqual([
      expect.objectContaining({ message: 'not every span could be exported in time' }),
    ]);
  });
});

describe('a missing package', () => {
  it('is named with the command that installs it', async () => {
    const { notInstalled } = await import('./not-installed.js');
    const error = notInstalled(new Error('Cannot find package'), [
      '@opentelemetry/exporter-trace-otlp-proto',
    ]);
    expect(error).toBeInstanceOf(EngramkitError);
    expect(error).toMatchObject({
      code: 'TRACING_NOT_INSTALLED',
      hint: 'Run `npm install @opentelemetry/exporter-trace-otlp-proto`, or set OTEL_TRACES_EXPORTER=none.',
    });
  });
});
