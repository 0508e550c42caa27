import { EngramkitError, type RetryClass } from '@engramkit/core';

/** A host of functions refused a request, or its answer was none. */
export class FunctionsHttpError extends EngramkitError {
  static override readonly brand: string = 'FunctionsHttpError';
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;

  constructor(
    status: number,
    message: string,
    options: {
      readonly code: string;
      readonly retry: RetryClass;
      readonly retryAfterMs?: number;
      readonly hint?: string;
      readonly cause?: unknown;
    },
  ) {
    super(message, options);
    this.status = status;
  }
}
