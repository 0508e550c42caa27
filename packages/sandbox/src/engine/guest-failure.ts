import { isErrorCode } from '../wire/error-codes.js';
import { type ErrorObject, errorObject, type Span } from '../wire/run-types.js';

/** Why a machine had to stop a program. */
export type StopReason = 'cancelled' | 'wall' | 'pause' | 'cpu' | 'memory' | 'output' | 'calls';

const REASONS: Readonly<Record<StopReason, readonly [code: string, message: string]>> = {
  cancelled: ['CANCELLED', 'the run was cancelled'],
  wall: ['TIMEOUT_WALL', 'the run took longer than it may'],
  pause: ['INTERRUPTED', 'the host stopped the run'],
  cpu: ['TIMEOUT_CPU', 'the program used more computing time than it may'],
  memory: ['MEMORY_EXCEEDED', 'the program used more memory than it may'],
  output: ['STDOUT_EXCEEDED', 'the program wrote far more than is kept'],
  calls: ['EXTERNAL_CALLS_EXCEEDED', 'the program called capabilities more often than it may'],
};

/** The error of a run that had to be stopped. */
export function stopError(reason: StopReason): ErrorObject {
  const [code, message] = REASONS[reason];
  return errorObject(code, message);
}

/** The error that a program did not catch, by its code where the host made it. */
export function thrownError(
  code: string | undefined,
  message: string,
  span: Span | null,
  hint: string | null,
): ErrorObject {
  const known = code !== undefined && isErrorCode(code) ? code : 'RUNTIME_ERROR';
  return errorObject(known === 'APPROVAL_DENIED' ? 'PERMISSION_DENIED' : known, message, {
    span,
    hint,
  });
}
