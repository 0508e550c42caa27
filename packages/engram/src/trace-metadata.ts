import type { SpanContext } from '@opentelemetry/api';
import type { StreamMessage } from './stream-message.js';

/** A trace position as messages carry it. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string;
  /** The flag byte; bit 0 says that the trace is sampled. */
  readonly traceFlags: number;
  /** The text of the vendors' list, as it came. */
  readonly tracestate?: string;
  /** The text of the baggage, as it came. */
  readonly baggage?: string;
}

/** The longest metadata value that peers take, in characters. Source: bobrapet-streaming sections 4.9 and 8. */
const MAX_VALUE_LENGTH = 1_024;
/** Later versions may append fields after the flags; version ff is forbidden. Source: W3C Trace Context, level 1. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;

/**
 * The trace that a message belongs to, from the metadata keys `traceparent`, `tracestate` and `baggage`; `undefined` without a
 * well-formed `traceparent`.
 *
 * For OpenTelemetry: `trace.setSpanContext(context, { ...found, isRemote: true })`. Source: bobrapet-streaming section 4.9.
 */
export function extractTraceContext(
  message: Pick<StreamMessage, 'metadata'>,
): TraceContext | undefined {
  const metadata = message.metadata ?? {};
  const match = TRACEPARENT.exec(metadata.traceparent?.trim() ?? '');
  const [, version, traceId = '', spanId = '', flags = '', more] = match ?? [];
  if (match === null || ZEROS.test(traceId) || ZEROS.test(spanId)) return undefined;
  if (version === '00' && more !== undefined) return undefined;
  const { tracestate, baggage } = metadata;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    ...(tracestate === undefined || tracestate === '' ? {} : { tracestate }),
    ...(baggage === undefined || baggage === '' ? {} : { baggage }),
  };
}

/**
 * A copy of the metadata with the trace position in it; overwrites what stood there.
 *
 * Takes the span context of OpenTelemetry too. An invalid position changes nothing. A `tracestate` or `baggage` above 1,024
 * characters is left out, because it would end the session. Source: bobrapet-streaming section 4.9.
 */
export function injectTraceContext(
  metadata: Readonly<Record<string, string>> | undefined,
  position: TraceContext | SpanContext,
): Readonly<Record<string, string>> {
  const { traceId, spanId } = position;
  const flags = (position.traceFlags & 0xff).toString(16).padStart(2, '0');
  const traceparent = `00-${traceId}-${spanId}-${flags}`;
  const injected: Record<string, string> = { ...metadata };
  if (extractTraceContext({ metadata: { traceparent } }) === undefined) return injected;
  const tracestate = tracestateOf(position);
  const baggage = 'baggage' in position ? position.baggage : undefined;
  delete injected.tracestate; // It belongs to the parent that is replaced.
  injected.traceparent = traceparent;
  if (fits(tracestate)) injected.tracestate = tracestate;
  if (fits(baggage)) injected.baggage = baggage;
  return injected;
}

function tracestateOf(position: TraceContext | SpanContext): string | undefined {
  if ('tracestate' in position) return position.tracestate;
  return 'traceState' in position ? position.traceState?.serialize() : undefined;
}

function fits(value: string | undefined): value is string {
  return value !== undefined && value !== '' && [...value].length <= MAX_VALUE_LENGTH;
}
