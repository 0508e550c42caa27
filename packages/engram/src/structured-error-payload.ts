import type { JsonObject } from '@engramkit/core';

/** What went wrong, as the operator classifies it. Source: bobrapet-batch section 3.6. */
export type StructuredErrorType =
  | 'timeout'
  | 'storage_error'
  | 'serialization_error'
  | 'validation_error'
  | 'initialization_error'
  | 'execution_error'
  | 'unknown';

/** What the operator does after the exit. Source: bobrapet-batch sections 3.6 and 3.7. */
export type ExitClass = 'success' | 'retry' | 'terminal' | 'rateLimited' | 'unknown';

/** The wire form of a failure: `status.error` of a step, and the payload of stream messages of kind `error`. */
export interface StructuredErrorPayload {
  readonly version: 'v1';
  readonly type: StructuredErrorType;
  /** Not blank; on the wire redacted and at most 8,192 bytes of UTF-8. */
  readonly message: string;
  readonly retryable?: boolean;
  readonly exitCode?: number;
  readonly exitClass?: ExitClass;
  /** The author's own code. */
  readonly code?: string;
  readonly details?: JsonObject;
}

/** The version that is written and accepted. Source: bobrapet-batch section 3.6. */
export const STRUCTURED_ERROR_VERSION = 'v1';

/** The seven types. Source: bobrapet-batch section 3.6. */
export const STRUCTURED_ERROR_TYPES: readonly StructuredErrorType[] = Object.freeze([
  'timeout',
  'storage_error',
  'serialization_error',
  'validation_error',
  'initialization_error',
  'execution_error',
  'unknown',
]);

/** The five exit classes. Source: bobrapet-batch section 3.6. */
export const EXIT_CLASSES: readonly ExitClass[] = Object.freeze([
  'success',
  'retry',
  'terminal',
  'rateLimited',
  'unknown',
]);

/**
 * Why a value is not a structured error, or `undefined` when it is one.
 *
 * Rules in order: an object; `version` not blank and `v1`; `type` one of the seven; `message` not blank; `exitClass` empty or one
 * of the five; the optional members of their types. Source: bobrapet-batch section 12.5.
 */
export function structuredErrorProblem(value: unknown): string | undefined {
  if (!isRecord(value)) return 'structured error must be an object';
  const { version, type, message, exitClass, retryable, exitCode, code, details } = value;
  if (typeof version !== 'string' || version.trim() === '') {
    return 'structured error version is required';
  }
  if (version !== STRUCTURED_ERROR_VERSION) {
    return `structured error version ${shown(version)} is not supported; expected "v1"`;
  }
  if (type === undefined || type === '') return 'structured error type is required';
  if (!isStructuredErrorType(type)) return `structured error type ${shown(type)} is not known`;
  if (typeof message !== 'string' || message.trim() === '') {
    return 'structured error message is required';
  }
  if (exitClass !== undefined && exitClass !== '' && !isExitClass(exitClass)) {
    return `structured error exitClass ${shown(exitClass)} is not known`;
  }
  if (retryable !== undefined && typeof retryable !== 'boolean') {
    return 'structured error retryable must be a boolean';
  }
  if (exitCode !== undefined && !Number.isSafeInteger(exitCode)) {
    return 'structured error exitCode must be an integer';
  }
  if (code !== undefined && typeof code !== 'string') return 'structured error code must be a text';
  if (details !== undefined && !isRecord(details)) {
    return 'structured error details must be an object';
  }
  return undefined;
}

/** Whether the value is one of the seven types, exactly. */
export function isStructuredErrorType(value: unknown): value is StructuredErrorType {
  return (STRUCTURED_ERROR_TYPES as readonly unknown[]).includes(value);
}

/** Whether the value is one of the five exit classes, exactly. */
export function isExitClass(value: unknown): value is ExitClass {
  return (EXIT_CLASSES as readonly unknown[]).includes(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : `(${typeof value})`;
}
