import type { JsonValue, SerializedError } from '@engramkit/core';
import type { StructuredErrorPayload } from '@engramkit/engram';

/** The stations of a run, in order; `process`, `stream` and `run` stand for the three kinds of component. */
export type Stage =
  | 'hydrate-config'
  | 'resolve-config'
  | 'decode-config'
  | 'expand-secrets'
  | 'init'
  | 'hydrate-inputs'
  | 'resolve-inputs'
  | 'decode-inputs'
  | 'process'
  | 'stream'
  | 'run'
  | 'validate-output'
  | 'dehydrate-output'
  | 'close';

/** How long one stage took. */
export interface StageTiming {
  readonly stage: Stage;
  /** Milliseconds, with fractions. */
  readonly durationMs: number;
}

/** Progress of a run: told when a stage begins and when it is over. */
export interface StageEvent {
  readonly runId: string;
  readonly stage: Stage;
  readonly state: 'started' | 'finished' | 'failed';
  /** Milliseconds, with fractions; absent while the stage runs. */
  readonly durationMs?: number;
}

/** Why and where a run failed. */
export interface Failure {
  readonly stage: Stage;
  /** The StructuredError v1 form. Source: bobrapet-batch section 3.6. */
  readonly structured: StructuredErrorPayload;
  /** The error with its code, hint and chain of causes; secrets are redacted. */
  readonly error: SerializedError;
  /** Where the author's code threw, in original TypeScript positions, when that is known. */
  readonly stack?: string;
  /** What was thrown, for whoever wants the original; never print it, it is not redacted. */
  readonly thrown: unknown;
}

/** How a run can end. */
export type OutcomeStatus = 'succeeded' | 'failed' | 'timed-out' | 'cancelled';

/** What came of an invocation. */
export interface Outcome {
  readonly status: OutcomeStatus;
  /** The output as JSON; may be present beside a failure. */
  readonly output?: JsonValue;
  readonly failure?: Failure;
  /** 0, 1 or 124. Source: bobrapet-batch section 2.3. */
  readonly exitCode: 0 | 1 | 124;
  /** Every stage that began, in order. */
  readonly stages: readonly StageTiming[];
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly startedAtMs: number;
  /** Milliseconds, with fractions. */
  readonly durationMs: number;
}
