// Public API of @engramkit/core. Named exports only; adding a line here is an API decision.
export type { Clock, Random, Timer } from './clock.js';
export { sleep, systemClock, systemRandom } from './clock.js';
export type { Deadline, DeadlineOptions } from './deadline.js';
export { openDeadline } from './deadline.js';
export { durationFromMs, durationToMs, formatDuration, parseDuration } from './duration.js';
export type { EngramkitErrorOptions, RetryClass, SerializedError } from './error.js';
export {
  CancelledError,
  DeadlineError,
  describeThrown,
  EngramkitError,
  InvalidInputError,
} from './error.js';
export { trimSpace } from './go-space.js';
export type { ParseJsonOptions } from './json-limits.js';
export { DEFAULT_MAX_JSON_BYTES, DEFAULT_MAX_JSON_DEPTH } from './json-limits.js';
export type { JsonOutputOptions } from './json-output.js';
export { stringifyJson, toJsonValue } from './json-output.js';
export { jsonPointer } from './json-pointer.js';
export type { JsonObject, JsonPrimitive, JsonValue } from './json-types.js';
export { parseJson, utf8Length } from './parse-json.js';
export type {
  InferInput,
  InferOutput,
  StandardSchemaIssue,
  StandardSchemaProps,
  StandardSchemaResult,
  StandardSchemaV1,
} from './standard-schema.js';
export { isStandardSchema } from './standard-schema.js';
export type { ValidateSchemaOptions } from './validate-schema.js';
export { validateSchema } from './validate-schema.js';
export type { WeakDecodeOptions } from './weak-decode.js';
export { weakDecode } from './weak-decode.js';
