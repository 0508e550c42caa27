import { EngramkitError, type SerializedError } from '@engramkit/core';
import { type StructuredErrorPayload, structuredErrorFrom } from '@engramkit/engram';
import type { Failure, Outcome, OutcomeStatus, Stage } from './outcome.js';
import { authorStack } from './thrown.js';

/** Hides secret values in a text. */
export type Redact = (text: string) => string;

/** The failure of a stage, redacted, in the forms that hosts report. */
export function failureOf(
  stage: Stage,
  thrown: unknown,
  status: Exclude<OutcomeStatus, 'succeeded'>,
  redact: Redact,
): Failure {
  const structured = structuredErrorFrom(thrown, {
    timedOut: status === 'timed-out',
    exitCode: exitCodeOf(status),
  });
  const stack = authorStack(thrown);
  return {
    stage,
    structured: redactedForm(structured, redact),
    error: redacted(EngramkitError.from(thrown).toJSON(), redact),
    ...(stack === undefined ? {} : { stack: redact(stack) }),
    thrown,
  };
}

/** The exit code of a status. Source: bobrapet-batch section 2.3. */
export function exitCodeOf(status: OutcomeStatus): Outcome['exitCode'] {
  if (status === 'succeeded') return 0;
  return status === 'timed-out' ? 124 : 1;
}

function redacted(error: SerializedError, redact: Redact): SerializedError {
  return {
    ...error,
    message: redact(error.message),
    ...(error.hint === undefined ? {} : { hint: redact(error.hint) }),
    ...(error.causes === undefined ? {} : { causes: error.causes.map(redact) }),
  };
}

function redactedForm(form: StructuredErrorPayload, redact: Redact): StructuredErrorPayload {
  return { ...form, message: redact(form.message) };
}
