import { EngramkitError, type EngramkitErrorOptions } from '@engramkit/core';

/** The short text that names a session prefix matched more than one session. */
export class AmbiguousSessionError extends EngramkitError {
  static override readonly brand: string = 'AmbiguousSessionError';

  constructor(
    message: string,
    /** The ids that the prefix matches, sorted; at most 20. */
    readonly candidates: readonly string[],
  ) {
    super(message, {
      code: 'SESSION_AMBIGUOUS',
      hint: 'Give more characters of the id.',
      details: { candidates: [...candidates] },
    });
  }
}

/** Something was recorded in a session or a ledger that is closed. */
export class SessionClosedError extends EngramkitError {
  static override readonly brand: string = 'SessionClosedError';
}

/** Another writer holds the ledger. */
export class LedgerLockedError extends EngramkitError {
  static override readonly brand: string = 'LedgerLockedError';

  constructor(message: string, options: Partial<EngramkitErrorOptions> = {}) {
    super(message, {
      code: 'LEDGER_LOCKED',
      retry: 'safe',
      hint: 'Wait for the other writer, or pass waitMs to wait for it here.',
      ...options,
    });
  }
}

/**
 * The ledger cannot take entries any more: a write failed, or the lock was lost.
 *
 * `retry` is `unknown`: entries that were not acknowledged may or may not be in the file. Open the ledger again.
 */
export class LedgerBrokenError extends EngramkitError {
  static override readonly brand: string = 'LedgerBrokenError';

  constructor(message: string, options: Partial<EngramkitErrorOptions> = {}) {
    super(message, {
      code: 'LEDGER_BROKEN',
      retry: 'unknown',
      hint: 'Open the ledger again; it continues after the last complete entry.',
      ...options,
    });
  }
}

/** The files of a ledger do not hold an intact chain. */
export class LedgerDamagedError extends EngramkitError {
  static override readonly brand: string = 'LedgerDamagedError';

  constructor(message: string, options: Partial<EngramkitErrorOptions> = {}) {
    super(message, {
      code: 'LEDGER_DAMAGED',
      hint: 'Verify the ledger to see the first bad entry; keep the files as evidence.',
      ...options,
    });
  }
}
