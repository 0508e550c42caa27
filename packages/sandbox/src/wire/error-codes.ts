import type { RunStatus } from './run-types.js';

/** Every error code and the run status it leads to; the texts are part of the wire. Source: sandbox section 2. */
const STATUS_OF_CODE = {
  SYNTAX_ERROR: 'validation_error',
  TYPE_ERROR: 'validation_error',
  UNKNOWN_TOOL: 'validation_error',
  UNSUPPORTED_FEATURE: 'validation_error',
  RESULT_NOT_SERIALIZABLE: 'validation_error',
  PERMISSION_DENIED: 'permission_denied',
  WAITING_FOR_APPROVAL: 'waiting_for_approval',
  TIMEOUT_WALL: 'timeout',
  TIMEOUT_CPU: 'timeout',
  TIMEOUT_TOOL: 'timeout',
  CANCELLED: 'cancelled',
  MEMORY_EXCEEDED: 'resource_exhausted',
  STDOUT_EXCEEDED: 'resource_exhausted',
  EXTERNAL_CALLS_EXCEEDED: 'resource_exhausted',
  STACK_OVERFLOW: 'resource_exhausted',
  RUNTIME_ERROR: 'runtime_error',
  TOOL_ERROR: 'runtime_error',
  SNAPSHOT_VERSION_MISMATCH: 'validation_error',
  SNAPSHOT_CAPABILITY_MISMATCH: 'validation_error',
  SNAPSHOT_CORRUPT: 'validation_error',
  INVALID_SESSION_ID: 'validation_error',
  INVALID_TOOL_NAME: 'validation_error',
  INVALID_ARGUMENT: 'validation_error',
  METHOD_NOT_FOUND: 'validation_error',
  SESSION_NOT_FOUND: 'validation_error',
  INTERRUPTED: 'interrupted',
  IO_ERROR: 'runtime_error',
  SERIALIZE_ERROR: 'runtime_error',
  SESSION_BUSY: 'runtime_error',
  RATE_LIMITED: 'resource_exhausted',
  REQUEST_TOO_LARGE: 'runtime_error',
  RESPONSE_TOO_LARGE: 'runtime_error',
  OUTPUT_SCHEMA_MISMATCH: 'runtime_error',
  APPROVAL_DENIED: 'permission_denied',
  APPROVAL_NOT_FOUND: 'runtime_error',
} as const satisfies Record<string, RunStatus>;

/** A code of the wire. */
export type ErrorCode = keyof typeof STATUS_OF_CODE;

/** Every code, in the order of the contract. */
export const ERROR_CODES = Object.keys(STATUS_OF_CODE) as readonly ErrorCode[];

/** Whether the text is a code of the wire. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(STATUS_OF_CODE, text);
}

/** The status of a run that ends with the code. */
export function statusOfCode(code: ErrorCode): RunStatus {
  return STATUS_OF_CODE[code];
}
