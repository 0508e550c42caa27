import type { JsonObject } from '@engramkit/core';
import type { Tracer } from '@opentelemetry/api';
import type { Effects } from './effects.js';
import type { Logger } from './logger.js';
import type { Signals } from './signals.js';
import type { StoryInfo } from './story-info.js';

/** What author code sees of the place where it runs. */
export interface ExecutionContext {
  readonly logger: Logger;
  /** An OpenTelemetry tracer; costs next to nothing unless an exporter is configured. */
  readonly tracer: Tracer;
  /**
   * Aborts on cancellation, shutdown and at the deadline; `signal.reason` is a `CancelledError` or a `DeadlineError`.
   */
  readonly signal: AbortSignal;
  /** When the run must be over, in milliseconds since 1970-01-01T00:00:00Z; absent without a limit. */
  readonly deadlineMs?: number;
  readonly story: StoryInfo;
  /**
   * The key that stays the same over every retry of this step.
   *
   * Throws `IDEMPOTENCY_UNAVAILABLE` when the run has no identity. Source: bobrapet-batch section 6.1.
   */
  idempotencyKey(): string;
  /** What templates of the story may refer to; a copy that the caller may change. */
  templateContext(): JsonObject;
  readonly effects: Effects;
  readonly signals: Signals;
}
