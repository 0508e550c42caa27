import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '@engramkit/core';
import { isJsonObject } from './json-object.js';

/**
 * The JSON merge patch (RFC 7386) that turns `before` into `after`; `undefined` when they are equal.
 *
 * Objects go member by member, arrays are replaced whole, members that are gone become `null`. Null members of `after` get lost,
 * because the format cannot say them. Source: bobrapet-batch section 3.1.
 */
export function mergePatchBetween(before: JsonObject, after: JsonObject): JsonObject | undefined {
  const members = new Map<string, JsonValue>();
  for (const [name, next] of Object.entries(after)) {
    const earlier = Object.hasOwn(before, name) ? before[name] : undefined;
    if (earlier !== undefined && isDeepStrictEqual(earlier, next)) continue;
    if (isJsonObject(earlier) && isJsonObject(next)) {
      const inner = mergePatchBetween(earlier, next);
      if (inner !== undefined) members.set(name, inner);
    } else members.set(name, next);
  }
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name)) members.set(name, null);
  }
  return members.size === 0 ? undefined : Object.fromEntries(members);
}
