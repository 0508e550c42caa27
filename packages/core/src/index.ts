// Public API of @engramkit/core. Named exports only; adding a line here is an API decision.
export type { Clock, Random, Timer } from './clock.js';
export { sleep, systemClock, systemRandom } from './clock.js';
export type { EngramkitErrorOptions, RetryClass, SerializedError } from './error.js';
export {
  CancelledError,
  DeadlineError,
  describeThrown,
  EngramkitError,
  InvalidInputError,
} from './error.js';
export type { JsonObject, JsonPrimitive, JsonValue } from './json-types.js';
export type {
  InferInput,
  InferOutput,
  StandardSchemaIssue,
  StandardSchemaProps,
  StandardSchemaResult,
  StandardSchemaV1,
} from './standard-schema.js';
export { isStandardSchema } from './standard-schema.js';
