import { CancelledError, type JsonObject } from '@engramkit/core';
import {
  type Effects,
  type ExecutionContext,
  emptyStoryInfo,
  type Logger,
  type Signals,
  type StoryInfo,
} from '@engramkit/engram';
import { idempotencyKey } from '@engramkit/ids';
import type { Tracer } from '@opentelemetry/api';
import { type ManualClock, manualClock } from './manual-clock.js';
import { type RecordingEffects, recordingEffects } from './recording-effects.js';
import { type RecordingLogger, recordingLogger } from './recording-logger.js';
import { type RecordingSignals, recordingSignals } from './recording-signals.js';
import { type RecordingTracer, recordingTracer } from './recording-tracer.js';

/** What {@link testContext} takes; every part has a recording default. */
export interface TestContextOptions {
  /** Default: nobody's run, so that there is no idempotency key. {@link testStoryInfo} is a ready identity. */
  readonly story?: StoryInfo;
  /** Default: an empty object. */
  readonly templateContext?: JsonObject;
  /** Aborts `context.signal` when it aborts, with the same reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly deadlineMs?: number;
  /** Stamps signals and spans; default: a clock of its own that stands at 0. */
  readonly clock?: ManualClock;
  readonly logger?: Logger;
  readonly tracer?: Tracer;
  readonly effects?: Effects;
  readonly signals?: Signals;
}

/** What the default parts of a {@link TestContext} recorded; a part that was replaced records nothing here. */
export interface Recorded {
  readonly logs: RecordingLogger['records'];
  readonly spans: RecordingTracer['spans'];
  readonly effects: RecordingEffects['records'];
  readonly signals: RecordingSignals['events'];
}

/** An execution context for tests, with a view on what happened through it. */
export interface TestContext extends ExecutionContext {
  readonly recorded: Recorded;
  readonly clock: ManualClock;
  /** Aborts `signal`; without a reason, with a `CancelledError`. */
  abort(reason?: unknown): void;
}

/** The identity of a step for tests. */
export const testStoryInfo: StoryInfo = Object.freeze({
  storyName: 'test-story',
  storyRunId: 'test-story-run',
  stepName: 'test-step',
  stepRunId: 'test-story-run-test-step',
  stepRunNamespace: 'default',
});

/** Makes a {@link TestContext}. */
export function testContext(options: TestContextOptions = {}): TestContext {
  const { story = emptyStoryInfo, templateContext = {}, clock = manualClock() } = options;
  const logger = recordingLogger();
  const tracer = recordingTracer({ clock });
  const effects = recordingEffects({ clock });
  const signals = recordingSignals({ clock });
  const controller = new AbortController();
  const { signal, deadlineMs } = options;
  return Object.freeze({
    logger: options.logger ?? logger,
    tracer: options.tracer ?? tracer,
    effects: options.effects ?? effects,
    signals: options.signals ?? signals,
    signal: signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    story,
    clock,
    recorded: Object.freeze({
      logs: logger.records,
      spans: tracer.spans,
      signals: signals.events,
      get effects() {
        return effects.records;
      },
    }),
    idempotencyKey: () => idempotencyKey(story),
    templateContext: () => structuredClone(templateContext),
    abort(reason?: unknown) {
      controller.abort(reason ?? new CancelledError('the test cancelled the run'));
    },
  });
}
