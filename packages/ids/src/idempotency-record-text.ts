import { EngramkitError, type JsonObject, type JsonValue, parseJson } from '@engramkit/core';
import type { IdempotencyRecord, IdempotencyStatus } from './idempotency-store.js';

const FORMAT = 'engramkit.idempotency/1';
const STATUSES: readonly string[] = [
  'claimed',
  'started',
  'completed',
  'failed',
  'released',
  'unknown',
] satisfies IdempotencyStatus[];

/** One line of JSON for a record under its key. */
export function recordText(key: string, record: IdempotencyRecord): string {
  return `${JSON.stringify({ format: FORMAT, key, ...record })}\n`;
}

/** Reads what {@link recordText} wrote; throws `IDEMPOTENCY_RECORD_CORRUPT` naming the place. */
export function parseRecordText(
  text: string,
  place: string,
): { readonly key: string; readonly record: IdempotencyRecord } {
  let value: JsonValue;
  try {
    value = parseJson(text, { what: place, hideContent: true, maxBytes: Number.MAX_SAFE_INTEGER });
  } catch (error) {
    throw corrupt(place, 'it is no JSON', error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw corrupt(place, 'it is no object');
  }
  const { format, key, ...rest } = value as JsonObject;
  if (format !== FORMAT) throw corrupt(place, `its format is not ${FORMAT}`);
  const problem = typeof key === 'string' ? recordProblem(rest) : 'its key is no text';
  if (problem !== undefined) throw corrupt(place, problem);
  // Every member was looked at just before.
  return { key: key as string, record: rest as unknown as IdempotencyRecord };
}

function recordProblem(record: JsonObject): string | undefined {
  if (typeof record.status !== 'string' || !STATUSES.includes(record.status)) {
    return 'its status is none';
  }
  if (typeof record.owner !== 'string') return 'its owner is no text';
  for (const name of ['fencingToken', 'leaseUntilMs', 'leaseMs', 'updatedAtMs'] as const) {
    if (typeof record[name] !== 'number') return `${name} is no number`;
  }
  for (const name of ['fingerprint', 'resultJson'] as const) {
    if (record[name] !== undefined && typeof record[name] !== 'string') return `${name} is no text`;
  }
  if (record.keepUntilMs !== undefined && typeof record.keepUntilMs !== 'number') {
    return 'keepUntilMs is no number';
  }
  if (record.status !== 'failed') return undefined;
  const { error } = record;
  const isError =
    typeof error === 'object' &&
    error !== null &&
    ['name', 'code', 'message', 'retry'].every(
      (name) => typeof (error as JsonObject)[name] === 'string',
    );
  return isError ? undefined : 'its error is none';
}

function corrupt(place: string, reason: string, cause?: unknown): EngramkitError {
  return new EngramkitError(`The idempotency record ${place} cannot be read: ${reason}.`, {
    code: 'IDEMPOTENCY_RECORD_CORRUPT',
    details: { place },
    hint: 'Find out on the other side whether the effect happened, then remove the record or restore it from a backup.',
    ...(cause === undefined ? {} : { cause }),
  });
}
