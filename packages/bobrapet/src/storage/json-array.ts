import type { JsonValue } from '@engramkit/core';

/** `Array.isArray` for JSON, whose arrays are read-only. */
export function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
