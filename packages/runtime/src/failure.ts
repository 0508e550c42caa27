import { EngramkitError, type JsonObject, type SerializedError } from '@engramkit/core';
import { type StructuredErrorPayload, structuredErrorFrom } from '@engramkit/engram';
import type { Redactor } from '@engramkit/secrets';
import type { Failure, Outcome, OutcomeStatus, Stage } from './outcome.js';
import { authorStack } from './thrown.js';

/** The failure of a stage, redacted, in the forms that hosts report. */
export function failureOf(
  stage: Stage,
  thrown: unknown,
  status: Exclude<OutcomeStatus, 'succeeded'>,
  redact: Redactor,
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

function redacted(error: SerializedError, redact: Redactor): SerializedError {
  return {
    ...error,
    message: redact(error.message),
    ...(error.hint === undefined ? {} : { hint: redact(error.hint) }),
    ...(error.details === undefined ? {} : { details: redactedDetails(error.details, redact) }),
    ...(error.causes === undefined
      ? {}
      : { causes: error.causes.map((cause): string => redact(cause)) }),
  };
}

/** Version, type and class stay: they are words of the contract. */
function redactedForm(form: StructuredErrorPayload, redact: Redactor): StructuredErrorPayload {
  return {
    ...form,
    message: redact(form.message),
    ...(form.details === undefined ? {} : { details: redactedDetails(form.details, redact) }),
  };
}

function redactedDetails(details: JsonObject, redact: Redactor): JsonObject {
  return redact(details) as JsonObject; // Redaction keeps objects objects.
}
