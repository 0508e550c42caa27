import { EngramkitError } from '@engramkit/core';

/** Where a secret was to come from. */
export type SecretSourceKind = 'env' | 'file';

/** Why one descriptor could not be expanded; the reason names no path and no value. */
export class SecretFailure extends Error {
  readonly code: string;

  constructor(code: string, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** A failure with the secret that it belongs to. */
export interface LocatedFailure {
  readonly secret: string;
  readonly source: SecretSourceKind;
  readonly failure: SecretFailure;
}

/**
 * One error for all failures of an expansion.
 *
 * Source of the text: bobrapet-batch section 5.3.
 */
export function expansionError(failures: readonly LocatedFailure[]): EngramkitError {
  const lines = failures.map(
    ({ secret, source, failure }) =>
      `secret expansion failed: secret ${JSON.stringify(secret)} (${source}): ${failure.message}`,
  );
  return new EngramkitError(`failed to expand secrets: ${lines.join('\n')}`, {
    code: 'SECRET_EXPANSION_FAILED',
    hint: 'Check where each named secret comes from; paths and values are left out on purpose.',
    details: {
      failures: failures.map(({ secret, source, failure }) => ({
        secret,
        source,
        code: failure.code,
        reason: failure.message,
      })),
    },
  });
}
