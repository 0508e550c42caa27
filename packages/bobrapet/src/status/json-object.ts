import type { JsonObject, JsonValue } from '@engramkit/core';

/** Whether a JSON value is an object. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member of a JSON object that is itself an object; an empty one when it is absent or something else. */
export function objectAt(value: JsonObject, name: string): JsonObject {
  const member = value[name];
  return isJsonObject(member) ? member : {};
}

/** The member of a JSON object that is a text; empty when it is absent or something else. */
export function textAt(value: JsonObject, name: string): string {
  const member = value[name];
  return typeof member === 'string' ? member : '';
}
