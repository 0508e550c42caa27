import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '@engramkit/core';
import {
  type Attributes,
  type AttributeValue,
  type Context,
  context as contexts,
  type Exception,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
  type Tracer,
  trace,
} from '@opentelemetry/api';

/** Something that was noted inside a span. */
export interface RecordedSpanEvent {
  readonly name: string;
  readonly attributes: Attributes;
}

/** A span as it is now: it changes while it is open. */
export interface RecordedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly spanId: string;
  readonly traceId: string;
  /** Absent for the first span of a trace. */
  readonly parentSpanId?: string;
  readonly attributes: Attributes;
  /** Exceptions are events with the name `exception`. */
  readonly events: readonly RecordedSpanEvent[];
  readonly links: readonly Link[];
  readonly status: SpanStatus;
  readonly ended: boolean;
  /** Milliseconds since 1970-01-01T00:00:00Z by the given clock. */
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
}

/** A tracer that keeps its spans. */
export interface RecordingTracer extends Tracer {
  /** All spans, in the order of their start. */
  readonly spans: readonly RecordedSpan[];
}

/**
 * Makes a {@link RecordingTracer}.
 *
 * Identifiers count up from 1, so that a test sees the same ones every time. The parent of a span is the one in the given
 * context, else the one whose `startActiveSpan` callback is running. Times come from `clock`, default: always 0.
 */
export function recordingTracer(
  options: { readonly clock?: Pick<Clock, 'now'> } = {},
): RecordingTracer {
  const { clock = { now: () => 0 } } = options;
  const spans: TestSpan[] = [];
  const active = new AsyncLocalStorage<TestSpan>();
  let traces = 0;

  const parentOf = (
    spanOptions: SpanOptions,
    context: Context | undefined,
  ): SpanContext | undefined =>
    spanOptions.root === true
      ? undefined
      : (trace.getSpanContext(context ?? contexts.active()) ?? active.getStore()?.spanContext());

  const start = (name: string, spanOptions: SpanOptions = {}, context?: Context): TestSpan => {
    const parent = parentOf(spanOptions, context);
    if (parent === undefined) traces += 1;
    const span = new TestSpan(name, spanOptions, {
      spanId: hex(spans.length + 1, 16),
      traceId: parent?.traceId ?? hex(traces, 32),
      parentSpanId: parent?.spanId,
      clock,
    });
    spans.push(span);
    return span;
  };

  /** The overloads of OpenTelemetry: options and context may be left out. */
  const startActiveSpan = (name: string, ...rest: readonly unknown[]): unknown => {
    const work = rest.at(-1) as (span: Span) => unknown;
    const [spanOptions, context] = rest.slice(0, -1) as [SpanOptions?, Context?];
    const span = start(name, spanOptions, context);
    return active.run(span, () =>
      contexts.with(trace.setSpan(context ?? contexts.active(), span), () => work(span)),
    );
  };

  return {
    spans,
    startSpan: start,
    startActiveSpan: startActiveSpan as Tracer['startActiveSpan'],
  };
}

interface Identity {
  readonly spanId: string;
  readonly traceId: string;
  readonly parentSpanId: string | undefined;
  readonly clock: Pick<Clock, 'now'>;
}

class TestSpan implements Span, RecordedSpan {
  name: string;
  readonly kind: SpanKind;
  readonly spanId: string;
  readonly traceId: string;
  declare readonly parentSpanId?: string;
  readonly attributes: Record<string, AttributeValue | undefined> = {};
  readonly events: RecordedSpanEvent[] = [];
  readonly links: Link[];
  status: SpanStatus = { code: SpanStatusCode.UNSET };
  ended = false;
  readonly startedAtMs: number;
  declare endedAtMs?: number;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(name: string, options: SpanOptions, identity: Identity) {
    this.name = name;
    this.kind = options.kind ?? SpanKind.INTERNAL;
    this.spanId = identity.spanId;
    this.traceId = identity.traceId;
    if (identity.parentSpanId !== undefined) this.parentSpanId = identity.parentSpanId;
    this.links = [...(options.links ?? [])];
    this.#clock = identity.clock;
    this.startedAtMs = identity.clock.now();
    this.setAttributes(options.attributes ?? {});
  }

  spanContext(): SpanContext {
    return { traceId: this.traceId, spanId: this.spanId, traceFlags: 1 };
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (!this.ended) this.attributes[key] = value;
    return this;
  }

  setAttributes(attributes: Attributes): this {
    if (!this.ended) Object.assign(this.attributes, attributes);
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput): this {
    const attributes = isAttributes(attributesOrTime) ? { ...attributesOrTime } : {};
    if (!this.ended) this.events.push({ name, attributes });
    return this;
  }

  addLink(link: Link): this {
    return this.addLinks([link]);
  }

  addLinks(links: Link[]): this {
    if (!this.ended) this.links.push(...links);
    return this;
  }

  setStatus(status: SpanStatus): this {
    if (!this.ended) this.status = { ...status };
    return this;
  }

  updateName(name: string): this {
    if (!this.ended) this.name = name;
    return this;
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.endedAtMs = this.#clock.now();
  }

  isRecording(): boolean {
    return !this.ended;
  }

  recordException(exception: Exception): void {
    const { name, message } =
      typeof exception === 'string' ? { name: undefined, message: exception } : exception;
    this.addEvent('exception', {
      ...(name === undefined ? {} : { 'exception.type': name }),
      ...(message === undefined ? {} : { 'exception.message': message }),
    });
  }
}

function isAttributes(value: Attributes | TimeInput | undefined): value is Attributes {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  );
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
