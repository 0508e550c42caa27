export type { Span } from '@opentelemetry/api';

/** The status codes of spans; written down here, so that runs without tracing do not load the tracing API. */
export const SpanStatusCode = { unset: 0, ok: 1, error: 2 } as const;
