import { describeThrown, EngramkitError } from '@engramkit/core';
import { isErrorCode } from '../wire/error-codes.js';
import { type CallStatus, type ErrorObject, errorObject } from '../wire/run-types.js';
import { ToolError } from './registered-tool.js';

/** Codes that mean that somebody refused. Source: sandbox section 5.4-10. */
const DENIALS = new Set(['PERMISSION_DENIED', 'APPROVAL_DENIED', 'RATE_LIMITED']);

/** How a call went that failed with the code. */
export function callStatusOf(code: string): CallStatus {
  if (DENIALS.has(code)) return 'denied';
  return code === 'TIMEOUT_TOOL' ? 'timeout' : 'error';
}

/** What the guest and the record say about something that a handler threw: the codes of the wire stay, all else is TOOL_ERROR. */
export function errorOfThrown(thrown: unknown): ErrorObject {
  if (thrown instanceof ToolError || thrown instanceof EngramkitError) {
    const code = isErrorCode(thrown.code) ? thrown.code : 'TOOL_ERROR';
    const prefix = code === thrown.code ? '' : `${thrown.code}: `;
    return errorObject(code, `${prefix}${thrown.message}`, {
      hint: thrown instanceof EngramkitError ? (thrown.hint ?? null) : null,
    });
  }
  return errorObject('TOOL_ERROR', describeThrown(thrown));
}
