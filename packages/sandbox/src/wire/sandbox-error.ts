import { EngramkitError, type EngramkitErrorOptions } from '@engramkit/core';
import type { ErrorCode } from './error-codes.js';
import { statusOfCode } from './error-codes.js';
import type { RunStatus, Span } from './run-types.js';

/** What goes wrong between a host and its sandbox; `code` is one of the wire's error codes. Source: sandbox section 2. */
export class SandboxError extends EngramkitError {
  static override readonly brand: string = 'SandboxError';
  /** The run status that the code stands for. */
  readonly status: RunStatus;
  /** Where in the guest's code. */
  readonly span: Span | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: Omit<EngramkitErrorOptions, 'code'> & { readonly span?: Span | null } = {},
  ) {
    super(message, { ...options, code });
    this.status = statusOfCode(code);
    this.span = options.span ?? null;
  }
}
