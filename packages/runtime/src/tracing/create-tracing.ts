import { type Clock, describeThrown, systemClock } from '@engramkit/core';
import type { Logger } from '@engramkit/engram';
import type { Tracer } from '@opentelemetry/api';
import type { SpanScope } from '../invocation.js';
import type { Redaction } from '../redaction.js';
import { lazyTracer } from './lazy-tracer.js';
import { notInstalled } from './not-installed.js';
import { tracingConfig } from './tracing-config.js';

/** Options of {@link createTracing}. */
export interface TracingOptions {
  /** The standard `OTEL_*` variables, and `TRACEPARENT`, `TRACESTATE`, `BAGGAGE` of whoever started this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told about variables that make no sense and about exports that fail. */
  readonly logger: Logger;
  /** Secret values that must not leave in spans. */
  readonly redaction?: Redaction | undefined;
  readonly clock?: Clock | undefined;
  /** The service when `OTEL_SERVICE_NAME` does not name one; default `engramkit`. */
  readonly serviceName?: string | undefined;
}

/** Tracing of a process. */
export interface Tracing extends AsyncDisposable {
  /** For author code and the lifecycle. */
  readonly tracer: Tracer;
  /** Present when spans are exported. */
  readonly spans?: SpanScope;
  /** Whether spans are exported. */
  readonly enabled: boolean;
  /** Sends what is left and stops, within `limitMs` milliseconds (default 5,000); never rejects. */
  shutdown(limitMs?: number): Promise<void>;
}

const SHUTDOWN_MS = 5_000;
const TRACER_NAME = 'engramkit';

/**
 * Sets up tracing by the standard environment variables.
 *
 * Without an exporter nothing of the telemetry SDK is loaded; spans then go to the provider that somebody else registered with
 * the OpenTelemetry API, if any. With one, the SDK and the OTLP exporter are loaded: throws `TRACING_NOT_INSTALLED` with the
 * command when they are missing. A `TRACEPARENT` variable makes the run a part of that trace.
 *
 * The lifecycle makes the spans `engramkit.run` and, below it, `engramkit.stage.<stage>`.
 */
export async function createTracing(options: TracingOptions): Promise<Tracing> {
  const { env, logger } = options;
  const config = tracingConfig(env, (problem) =>
    logger.warn(`${problem.variable} is not understood and ignored`, { ...problem }),
  );
  const tracer = lazyTracer(TRACER_NAME);
  if (config === undefined) {
    const nothing = async (): Promise<void> => undefined;
    return { tracer, enabled: false, shutdown: nothing, [Symbol.asyncDispose]: nothing };
  }
  const { startExporter } = await loadExporter();
  const exporter = await startExporter(config, options);
  const { clock = systemClock } = options;
  const shutdown = async (limitMs = SHUTDOWN_MS): Promise<void> => {
    let cancel = (): void => undefined;
    const limit = new Promise<'late'>((resolve) => {
      cancel = clock.setTimer(() => resolve('late'), limitMs).cancel;
    });
    try {
      if ((await Promise.race([exporter.shutdown(), limit])) === 'late') {
        logger.warn('not every span could be exported in time', { limitMs });
      }
    } catch (error) {
      logger.warn('exporting spans failed', { error: describeThrown(error) });
    } finally {
      cancel();
    }
  };
  return {
    tracer: exporter.tracer(TRACER_NAME),
    spans: exporter.spans,
    enabled: true,
    shutdown,
    [Symbol.asyncDispose]: () => shutdown(),
  };
}

async function loadExporter(): Promise<typeof import('./otlp-exporter.js')> {
  try {
    return await import('./otlp-exporter.js');
  } catch (cause) {
    throw notInstalled(cause, [
      '@opentelemetry/sdk-trace-base',
      '@opentelemetry/resources',
      '@opentelemetry/context-async-hooks',
      '@opentelemetry/exporter-trace-otlp-proto',
    ]);
  }
}
