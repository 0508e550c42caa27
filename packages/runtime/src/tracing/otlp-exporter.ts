import { extractTraceContext } from '@engramkit/engram';
import {
  type Context,
  context,
  createTraceState,
  ROOT_CONTEXT,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { SpanScope } from '../invocation.js';
import { createRedaction } from '../redaction.js';
import type { TracingOptions } from './create-tracing.js';
import { notInstalled } from './not-installed.js';
import { keyValueList, type OtlpSettings, otlpSettings } from './otlp-settings.js';
import { redactingProcessor } from './redacting-processor.js';
import type { TracingConfig } from './tracing-config.js';

/** Spans on their way to a collector. */
export interface StartedExporter {
  tracer(name: string): Tracer;
  readonly spans: SpanScope;
  shutdown(): Promise<void>;
}

const EXPORTERS: Readonly<Record<TracingConfig['protocol'], string>> = {
  'http/protobuf': '@opentelemetry/exporter-trace-otlp-proto',
  'http/json': '@opentelemetry/exporter-trace-otlp-http',
  grpc: '@opentelemetry/exporter-trace-otlp-grpc',
};

/** Starts the SDK with an OTLP exporter and registers it with the API, unless somebody else has done so. */
export async function startExporter(
  config: TracingConfig,
  options: TracingOptions,
): Promise<StartedExporter> {
  const { env, redaction = createRedaction() } = options;
  const exporter = await newExporter(config, otlpSettings(env, config.protocol));
  const provider = new BasicTracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        ...Object.fromEntries(keyValueList(env.OTEL_RESOURCE_ATTRIBUTES)),
        'service.name':
          config.serviceName ??
          keyValueList(env.OTEL_RESOURCE_ATTRIBUTES).get('service.name') ??
          options.serviceName ??
          'engramkit',
      }),
    ),
    sampler: samplerFrom(env, options),
    spanProcessors: [redactingProcessor(new BatchSpanProcessor(exporter), redaction)],
  });
  const manager = new AsyncLocalStorageContextManager().enable();
  const ownsContext = context.setGlobalContextManager(manager);
  const ownsProvider = trace.setGlobalTracerProvider(provider);
  const parent = parentFrom(options);
  return {
    tracer: (name) => provider.getTracer(name),
    spans: {
      ...(parent === undefined ? {} : { parent }),
      contextOf: (span) => trace.setSpan(context.active(), span),
      activate: (span, work) => context.with(trace.setSpan(context.active(), span), work),
    },
    async shutdown() {
      if (ownsProvider) trace.disable();
      if (ownsContext) context.disable();
      await provider.shutdown();
    },
  };
}

interface ExporterModule {
  readonly OTLPTraceExporter: new (settings: OtlpSettings) => SpanExporter;
}

async function newExporter(config: TracingConfig, settings: OtlpSettings): Promise<SpanExporter> {
  const name = EXPORTERS[config.protocol];
  try {
    const { OTLPTraceExporter }: ExporterModule = await import(name);
    return new OTLPTraceExporter(settings);
  } catch (cause) {
    throw notInstalled(cause, [name]);
  }
}

/** The sampler of `OTEL_TRACES_SAMPLER`; default `parentbased_always_on`. */
function samplerFrom(env: TracingOptions['env'], { logger }: TracingOptions): Sampler {
  const name = env.OTEL_TRACES_SAMPLER?.trim() || 'parentbased_always_on';
  const parentBased = name.startsWith('parentbased_');
  const root = rootSampler(parentBased ? name.slice('parentbased_'.length) : name, env);
  if (root === undefined) {
    logger.warn('OTEL_TRACES_SAMPLER is not understood and ignored', { got: name });
    return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  }
  return parentBased ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, env: TracingOptions['env']): Sampler | undefined {
  if (name === 'always_on') return new AlwaysOnSampler();
  if (name === 'always_off') return new AlwaysOffSampler();
  if (name !== 'traceidratio') return undefined;
  const argument = env.OTEL_TRACES_SAMPLER_ARG?.trim();
  const ratio = argument === undefined || argument === '' ? 1 : Number(argument);
  return new TraceIdRatioBasedSampler(ratio >= 0 && ratio <= 1 ? ratio : 1);
}

/** The span of whoever started this process, from `TRACEPARENT` and `TRACESTATE`. */
function parentFrom({ env, logger }: TracingOptions): Context | undefined {
  const traceparent = env.TRACEPARENT?.trim().toLowerCase();
  if (traceparent === undefined || traceparent === '') return undefined;
  const position = extractTraceContext({
    metadata: { traceparent, tracestate: env.TRACESTATE ?? '' },
  });
  if (position === undefined) {
    logger.warn('TRACEPARENT is not a W3C trace parent and ignored');
    return undefined;
  }
  const { traceId, spanId, traceFlags, tracestate } = position;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags,
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  });
}
