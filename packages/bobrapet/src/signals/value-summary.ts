import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '@engramkit/core';

/**
 * What stands for a value that does not travel: size and hash of its Go JSON, and the kind of `described`.
 *
 * Source: bobrapet-batch section 8.3.
 */
export function summaryOf(json: string, described: JsonValue): JsonObject {
  const length = lengthOf(described);
  return {
    sizeBytes: Buffer.byteLength(json),
    sha256: createHash('sha256').update(json).digest('hex'),
    type: kindOf(described),
    ...(length === undefined ? {} : { details: { len: length } }),
  };
}

function kindOf(value: JsonValue): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float';
    default:
      return value === null ? 'null' : Array.isArray(value) ? 'array' : 'map';
  }
}

function lengthOf(value: JsonValue): number | undefined {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return undefined;
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}
