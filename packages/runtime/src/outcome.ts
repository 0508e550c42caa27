import type { JsonValue, SerializedError } from '@engramkit/core';

/** The stations of a run, in order. */
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
  | 'validate-output'
  | 'dehydrate-output'
  | 'close';

/** How long one stage took. */
export interface StageTiming {
  readonly stage: Stage;
  /** Milliseconds, with fractions. */
  readonly durationMs: number;
}

/** What came of an invocation. */
export interface Outcome {
  readonly status: 'succeeded' | 'failed' | 'timed-out' | 'cancelled';
  /** The output as JSON; may be present beside an error. */
  readonly output?: JsonValue;
  /** The failure: its StructuredError v1 form, and the error itself for whoever wants the cause. */
  readonly failure?: {
    readonly stage: Stage;
    readonly structured: JsonValue;
    readonly error: SerializedError;
    readonly thrown: unknown;
  };
  /** 0, 1 or 124. Source: bobrapet-batch section 2.3. */
  readonly exitCode: 0 | 1 | 124;
  readonly stages: readonly StageTiming[];
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly startedAtMs: number;
  readonly durationMs: number;
}
