import { describeThrown } from '@engramkit/core';
import { structuredErrorProblem, structuredFormOf } from '@engramkit/engram';
import { type Check, ConformanceError, runCheck } from './conformance-error.js';

/** What a suite may demand of the failure of a run. */
export interface ErrorExpectation {
  /** The run must fail. */
  readonly expectError?: boolean;
  /** The run must fail, and its error or one of the causes must offer a valid structured error. */
  readonly requireStructuredError?: boolean;
  /** Refuses the error by throwing, rejecting, or returning an error. */
  readonly validateError?: Check<unknown>;
}

/** Judges a run that failed. Source: bobrapet-batch section 12.3, bobrapet-streaming section 10.2. */
export async function judgeError(
  subject: string,
  error: unknown,
  expectation: ErrorExpectation,
): Promise<void> {
  const { expectError = false, requireStructuredError = false, validateError } = expectation;
  if (!expectError && !requireStructuredError) {
    throw new ConformanceError(`${subject} run failed unexpectedly: ${describeThrown(error)}`, {
      cause: error,
    });
  }
  if (requireStructuredError) judgeStructured(error);
  await runCheck(validateError, error, 'error validation failed');
}

/** Judges a run that succeeded: it must not have been expected to fail. */
export function judgeSuccess(subject: string, expectation: ErrorExpectation): void {
  const { expectError = false, requireStructuredError = false } = expectation;
  if (requireStructuredError) {
    throw new ConformanceError(`expected structured error, but ${subject} completed successfully`);
  }
  if (expectError) {
    throw new ConformanceError(`expected error, but ${subject} completed successfully`);
  }
}

function judgeStructured(error: unknown): void {
  const form = structuredFormOf(error);
  if (form === undefined) {
    throw new ConformanceError(`expected structured error, got ${describeThrown(error)}`, {
      cause: error,
    });
  }
  const problem = structuredErrorProblem(form);
  if (problem !== undefined) {
    throw new ConformanceError(`invalid structured error: ${problem}`, { cause: error });
  }
}
