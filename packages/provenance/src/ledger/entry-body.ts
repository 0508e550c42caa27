import { InvalidInputError, type JsonObject } from '@engramkit/core';
import { canonicalize } from '@engramkit/ids';

/** The RFC 8785 text of a body; `LEDGER_BODY_INVALID` when it has none. */
export function canonicalBody(body: JsonObject): string {
  try {
    return canonicalize(body, { scheme: 'jcs' });
  } catch (error) {
    throw new InvalidInputError(
      `the body of a ledger entry has no canonical form: ${error instanceof Error ? error.message : String(error)}`,
      { code: 'LEDGER_BODY_INVALID', cause: error, hint: 'Pass plain JSON.' },
    );
  }
}
