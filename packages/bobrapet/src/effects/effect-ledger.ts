import { InvalidInputError, type JsonObject, type JsonValue, parseJson } from '@engramkit/core';
import type { IdempotencyRecord } from '@engramkit/ids';
import { summaryOf } from '../signals/value-summary.js';
import { isJsonObject } from '../status/json-object.js';
import type { EffectLedgerRecord } from '../status/step-run-status.js';
import { toWireSeconds } from '../status/wire-time.js';
import { goJson, goJsonSize } from '../storage/go-json.js';

/** Source: bobrapet-batch section 7.1. */
const MAX_DETAILS_BYTES = 8_192;

/** The ledger entry of a completed record. */
export function ledgerEntry(
  key: string,
  record: IdempotencyRecord,
  maxDetailsBytes?: number,
): EffectLedgerRecord {
  const details =
    record.resultJson === undefined
      ? undefined
      : parseJson(record.resultJson, {
          what: 'the result of the effect',
          maxBytes: Number.MAX_SAFE_INTEGER,
          prototypeKeys: 'keep',
          hideContent: true,
        });
  return {
    seq: 0,
    key,
    status: 'succeeded',
    emittedAt: toWireSeconds(record.updatedAtMs),
    ...ledgerDetails(key, details, maxDetailsBytes),
  };
}

/**
 * The details of a ledger entry: objects as they are, other values under `value`, and a summary of what exceeds the limit.
 *
 * Throws `EFFECT_DETAILS_TOO_LARGE` when not even the summary fits. Source: bobrapet-batch section 7.1.
 */
export function ledgerDetails(
  key: string,
  value: JsonValue | undefined,
  maxBytes: number = MAX_DETAILS_BYTES,
): { readonly details?: JsonObject } {
  if (value === undefined || value === null) return {};
  const details = isJsonObject(value) ? value : { value };
  if (goJsonSize(details, maxBytes) <= maxBytes) return { details };
  const summary = { truncated: true, ...summaryOf(goJson(details), details) };
  if (goJsonSize(summary) <= maxBytes) return { details: summary };
  throw new InvalidInputError(
    `the details of the effect ${JSON.stringify(key)} exceed ${maxBytes} bytes, and so does their summary`,
    {
      code: 'EFFECT_DETAILS_TOO_LARGE',
      details: { key, limit: maxBytes },
      hint: 'Raise BUBU_EFFECT_MAX_DETAILS_BYTES, or record less.',
    },
  );
}
