import type { Context } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Redaction } from '../redaction.js';

/** Takes secret values out of finished spans before they are exported. */
export function redactingProcessor(next: SpanProcessor, redaction: Redaction): SpanProcessor {
  return {
    onStart: (span, parent: Context) => next.onStart(span, parent),
    onEnd: (span) => next.onEnd(redaction.active ? redactedSpan(span, redaction) : span),
    forceFlush: () => next.forceFlush(),
    shutdown: () => next.shutdown(),
  };
}

/** The span with other texts; everything else reads through to the original. */
function redactedSpan(span: ReadableSpan, { redact }: Redaction): ReadableSpan {
  const attributes = redact(span.attributes) as ReadableSpan['attributes']; // Redaction keeps texts and lists.
  const { message } = span.status;
  return Object.create(span, {
    name: { value: redact(span.name) },
    attributes: { value: attributes },
    status: {
      value: message === undefined ? span.status : { ...span.status, message: redact(message) },
    },
    events: {
      value: span.events.map((event) => ({
        ...event,
        name: redact(event.name),
        ...(event.attributes === undefined ? {} : { attributes: redact(event.attributes) }),
      })),
    },
  }) as ReadableSpan;
}
