/** A JSON scalar. */
export type JsonPrimitive = string | number | boolean | null;

/** Any JSON value as `JSON.parse` yields it. */
export type JsonValue = JsonPrimitive | readonly JsonValue[] | JsonObject;

/** A JSON object as `JSON.parse` yields it. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}
