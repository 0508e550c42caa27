import { EngramkitError, type JsonObject } from '@engramkit/core';

/** The command line itself is wrong: nothing was tried, the exit code is 2. */
export class UsageError extends EngramkitError {
  static override readonly brand: string = 'UsageError';

  constructor(
    message: string,
    options: {
      readonly hint: string;
      /** Default `USAGE`. */
      readonly code?: string;
      readonly details?: JsonObject;
      readonly cause?: unknown;
    },
  ) {
    super(message, { code: 'USAGE', ...options });
  }
}
