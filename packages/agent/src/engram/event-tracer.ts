import { newTraceId } from '@engramkit/arcp';
import type { Clock, JsonObject } from '@engramkit/core';
import { toJsonValue } from '@engramkit/core';
import type { ExecutionContext } from '@engramkit/engram';
import type { AgentContext } from '../agent-definition.js';

type Tracer = ExecutionContext['tracer'];
type Span = ReturnType<Tracer['startSpan']>;

/** The kind of the event that tells of an ended span. */
export const SPAN_EVENT_KIND = 'x-vendor.engramkit.span';

/**
 * A tracer whose ended spans are events of the job: name, identifiers, duration, attributes, status.
 *
 * The draft has no event for spans, so that the kind is one of ours; peers deliver it raw. Source: arcp section 4.3.
 */
export function eventTracer(
  context: Pick<AgentContext, 'emit' | 'traceId'>,
  clock: Pick<Clock, 'monotonic'>,
  redact: <Value>(value: Value) => Value,
): Tracer {
  const startSpan = (name: string, options: { readonly attributes?: object } = {}): Span => {
    const startedMs = clock.monotonic();
    const spanId = newTraceId().slice(16);
    const attributes: Record<string, unknown> = { ...options.attributes };
    let title = name;
    let status = 0;
    let ended = false;
    const span: Span = {
      spanContext: () => ({ traceId: context.traceId, spanId, traceFlags: 1 }),
      setAttribute: (key, value) => {
        attributes[key] = value;
        return span;
      },
      setAttributes: (more) => {
        Object.assign(attributes, more);
        return span;
      },
      addEvent: () => span,
      addLink: () => span,
      addLinks: () => span,
      setStatus: ({ code }) => {
        status = code;
        return span;
      },
      updateName: (next) => {
        title = next;
        return span;
      },
      end: () => {
        if (ended) return;
        ended = true;
        const body: JsonObject = {
          span_id: spanId,
          name: title,
          duration_ms: Math.round((clock.monotonic() - startedMs) * 1_000) / 1_000,
          status: STATUS[status] ?? 'unset',
          attributes: toJsonValue(attributes, { what: 'the attributes of a span' }) as JsonObject,
        };
        context.emit(SPAN_EVENT_KIND, redact(body)).catch(() => undefined);
      },
      isRecording: () => !ended,
      recordException: () => {
        status = 2;
      },
    };
    return span;
  };
  return {
    startSpan,
    startActiveSpan: ((name: string, ...rest: readonly unknown[]) => {
      const [options] =
        rest.length > 1 ? (rest as readonly [{ readonly attributes?: object }]) : [{}];
      return (rest.at(-1) as (span: Span) => unknown)(startSpan(name, options));
    }) as Tracer['startActiveSpan'], // The overloads cannot be written as one arrow function.
  };
}

/** The codes of OpenTelemetry's span status. */
const STATUS = ['unset', 'ok', 'error'] as const;
