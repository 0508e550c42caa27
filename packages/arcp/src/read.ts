import type { JsonObject, JsonValue } from '@engramkit/core';
import { ArcpError } from './error.js';

/** A text that is not empty, or nothing: null, other types and empty texts count as absent. */
export function readText(from: JsonObject, name: string): string | undefined {
  const value = from[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A safe integer of at least `least`, or nothing. */
export function readInteger(from: JsonObject, name: string, least = 0): number | undefined {
  const value = from[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least
    ? value
    : undefined;
}

/** The texts of a list, or nothing when there is no list. */
export function readTexts(from: JsonObject, name: string): readonly string[] | undefined {
  const value = from[name];
  return Array.isArray(value)
    ? value.filter((entry): entry is string => typeof entry === 'string')
    : undefined;
}

/** A member that, when present and not null, must pass the test; throws `INVALID_REQUEST` that names it. */
export function requireOptional<Value extends JsonValue>(
  from: JsonObject,
  name: string,
  test: (value: JsonValue) => value is Value,
  expected: string,
): Value | undefined {
  const value = from[name];
  if (value === undefined || value === null) return undefined;
  if (test(value)) return value;
  throw new ArcpError('INVALID_REQUEST', `${name} must be ${expected}`, {
    details: { field: name },
  });
}

/** An instant in milliseconds from an RFC 3339 text with `Z` or an offset, or nothing. */
export function readInstant(from: JsonObject, name: string): number | undefined {
  const text = readText(from, name);
  if (
    text === undefined ||
    !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text)
  ) {
    return undefined;
  }
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** Most frames of a millisecond carry the same time. */
let lastMs = Number.NaN;
let lastText = '';

/** RFC 3339 UTC with milliseconds, as we send every time. Source: arcp section 1.1, E-12. */
export function wireTime(atMs: number): string {
  if (atMs !== lastMs) {
    lastText = new Date(atMs).toISOString();
    lastMs = atMs;
  }
  return lastText;
}
