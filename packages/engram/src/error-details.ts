import { describeThrown, type JsonObject, type JsonValue } from '@engramkit/core';

/**
 * The JSON object for the `details` of a structured error; never throws.
 *
 * A value that JSON cannot hold (cycles, BigInt, throwing `toJSON`) is summarised as
 * `{ unserializable: true, marshalError, type, details }`; JSON that is not an object goes under `value`, because the wire
 * takes objects only. Source: bobrapet-batch sections 3.6 and 8.3.
 */
export function wireDetails(details: unknown): JsonObject | undefined {
  if (details === undefined || details === null) return undefined;
  try {
    const plain = plainJson(details, []);
    if (plain === undefined) return undefined;
    return isJsonObject(plain) ? plain : { value: plain };
  } catch (thrown) {
    return {
      unserializable: true,
      marshalError: describeThrown(thrown),
      ...summary(details),
    };
  }
}

/** What `JSON.stringify` would write, as a value of its own: nobody can change it afterwards. Throws where that throws. */
function plainJson(value: unknown, path: readonly object[]): JsonValue | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') throw new TypeError('a BigInt cannot be written as JSON');
  if (typeof value !== 'object') return undefined;
  if (path.includes(value)) throw new TypeError('a cycle cannot be written as JSON');
  if (path.length >= 64) throw new TypeError('more than 64 levels cannot be written as JSON');
  const inner = [...path, value];
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (typeof toJSON === 'function') return plainJson(toJSON.call(value), inner);
  if (Array.isArray(value)) return value.map((item) => plainJson(item, inner) ?? null);
  const entries: [string, JsonValue][] = [];
  for (const [key, member] of Object.entries(value)) {
    const plain = plainJson(member, inner);
    if (plain !== undefined) entries.push([key, plain]);
  }
  return Object.fromEntries(entries);
}

function summary(value: unknown): { type: string; details?: JsonObject } {
  try {
    if (Array.isArray(value)) return { type: 'array', details: { len: value.length } };
    if (typeof value === 'object' && value !== null) {
      return { type: 'map', details: { len: Object.keys(value).length } };
    }
  } catch {
    return { type: 'struct' }; // A hostile proxy: nothing more can be said about it.
  }
  return { type: typeof value === 'bigint' ? 'int' : typeof value };
}

function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
