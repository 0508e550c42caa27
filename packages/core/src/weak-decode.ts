import { DecodingSchema } from './decoding-schema.js';
import type { JsonObject } from './json-types.js';
import { WeakDecoder } from './weak-decoder.js';

/** Options of {@link weakDecode}. */
export interface WeakDecodeOptions {
  /** Refuses keys that the schema does not know, instead of leaving them to the schema; default `false`. */
  readonly strict?: boolean;
  /** How errors call the value, such as `the inputs`; default `the value`. */
  readonly what?: string;
}

const compiled = new WeakMap<JsonObject, DecodingSchema>();

/**
 * Brings a JSON value into the types that a JSON Schema names, as far as nobody can doubt what was meant.
 *
 * It runs in front of a schema, so that `port: "8080"` from YAML or a template is the number 8080 and a single item is a list
 * of one. Keys match exactly or, failing that, without regard to case. Null leaves optional members out and makes required ones
 * the zero value of their type. What the schema does not say is left as it is: checking remains with the schema. Unknown keys
 * stay, unless `strict` refuses them. The given value is not changed.
 *
 * Follows `type`, `properties`, `required`, `additionalProperties`, `patternProperties`, `items`, `prefixItems`, `anyOf`,
 * `oneOf`, `allOf`, `const`, `enum` (to choose between alternatives), `$ref` within the document, and `format: "duration"` (Go
 * syntax or ISO 8601, always text) and `format: "go-duration"` (Go syntax only).
 *
 * Throws an `InvalidInputError` with code `DECODE_FAILED` that lists paths and reasons, never values.
 * Source: bobrapet-batch section 2.5.
 */
export function weakDecode(
  value: unknown,
  jsonSchema: JsonObject,
  options: WeakDecodeOptions = {},
): unknown {
  let schema = compiled.get(jsonSchema);
  if (schema === undefined) {
    schema = new DecodingSchema(jsonSchema);
    compiled.set(jsonSchema, schema);
  }
  return new WeakDecoder(schema, options).decode(value);
}
