import { describeThrown, EngramkitError } from '@engramkit/core';
import { isErrorCode, statusOfCode } from '../wire/error-codes.js';
import { errorObject, errorResult, type RunResult } from '../wire/run-types.js';
import { SandboxError } from '../wire/sandbox-error.js';

/** The answer to a request that could not be carried out. */
export function resultOfThrown(thrown: unknown): RunResult {
  if (thrown instanceof SandboxError) {
    const { code, message, status, hint, span } = thrown;
    return errorResult(status, errorObject(code, message, { hint: hint ?? null, span }));
  }
  const code =
    thrown instanceof EngramkitError && isErrorCode(thrown.code) ? thrown.code : 'RUNTIME_ERROR';
  return errorResult(
    statusOfCode(code),
    errorObject(code, `the run could not be carried out: ${describeThrown(thrown)}`),
  );
}
