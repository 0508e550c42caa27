import { describeThrown, type JsonObject, type JsonValue, toJsonValue } from '@engramkit/core';

/**
 * The JSON object for the `details` of a structured error; never throws.
 *
 * A value that JSON cannot hold is summarised as `{ unserializable: true, marshalError, type, details }`; JSON that is not an
 * object goes under `value`, because the wire takes objects only. Source: bobrapet-batch sections 3.6 and 8.3.
 */
export function wireDetails(details: unknown): JsonObject | undefined {
  if (details === undefined || details === null) return undefined;
  try {
    const plain = toJsonValue(details, { what: 'the details' });
    return isJsonObject(plain) ? plain : { value: plain };
  } catch (thrown) {
    return { unserializable: true, marshalError: describeThrown(thrown), ...summary(details) };
  }
}

/** Kind and size of a value, in the words of signal summaries. Source: bobrapet-batch section 8.3. */
function summary(value: unknown): JsonObject {
  try {
    if (Array.isArray(value)) return { type: 'array', details: { len: value.length } };
    if (typeof value === 'object' && value !== null) {
      return { type: 'map', details: { len: Object.keys(value).length } };
    }
  } catch {
    return { type: 'struct' }; // A hostile proxy: nothing more can be said about it.
  }
  if (typeof value === 'number') return { type: 'float' };
  return { type: typeof value === 'bigint' ? 'int' : typeof value };
}

function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
