import type { JsonValue } from '@engramkit/core';
import { goJson, goJsonSize } from './go-json.js';
import { isJsonArray } from './json-array.js';
import { keyPath } from './object-path.js';
import { containsReference, parseStorageReference } from './storage-reference.js';

/** An object to be stored. */
export interface PlannedObject {
  /** Name below the id, without ending. */
  readonly name: string;
  readonly kind: 'json' | 'raw';
  readonly value: JsonValue;
}

/** What becomes of a document: the document with references, and what has to be stored for them. */
export interface DehydrationPlan {
  readonly value: JsonValue;
  readonly objects: readonly PlannedObject[];
}

/** How a plan is made. */
export interface DehydrationRules {
  /** Bytes above which a value is stored. */
  readonly limit: number;
  readonly maxDepth: number;
  /** `inputs` stores the result as a whole when it is still above the limit. */
  readonly form: 'output' | 'inputs';
  /** The reference to a planned object. */
  readonly refer: (object: PlannedObject) => JsonValue;
}

/** The largest document that holds references. Source: bobrapet-batch section 4.4. */
const MAX_WITH_REFERENCES = 262_144;

/**
 * Decides which values of a document go into storage; stores nothing itself.
 *
 * Deeper parts than `maxDepth` go into one object at that depth, so that a reader with the same limit can load them. Objects that
 * an outer one makes needless are not stored. Source: bobrapet-batch section 4.4.
 */
export function planDehydration(value: JsonValue, rules: DehydrationRules): DehydrationPlan {
  const { limit, form, refer } = rules;
  const walked = walk(value, [], rules);
  if (form === 'output' || goJsonSize(walked.value, limit) <= limit) return walked;
  // Inputs that are one reference already stay so: storing a reference would only add a hop.
  if (parseStorageReference(walked.value) !== undefined) return walked;
  const whole: PlannedObject = { name: 'input', kind: 'json', value: walked.value };
  return { value: refer(whole), objects: [...walked.objects, whole] };
}

function walk(
  value: JsonValue,
  keys: ReadonlyArray<string | number>,
  rules: DehydrationRules,
): DehydrationPlan {
  const { limit, maxDepth, refer } = rules;
  const store = (kind: 'json' | 'raw'): DehydrationPlan => {
    const object = { name: keys.length === 0 ? 'output' : keyPath(keys), kind, value };
    return { value: refer(object), objects: [object] };
  };
  if (typeof value === 'string') {
    return Buffer.byteLength(value) > limit ? store('raw') : keep(value);
  }
  if (typeof value !== 'object' || value === null) {
    return goJsonSize(value) > limit ? store('json') : keep(value);
  }
  if (parseStorageReference(value) !== undefined) return keep(value);
  const entries: ReadonlyArray<readonly [string | number, JsonValue]> = isJsonArray(value)
    ? value.map((item: JsonValue, index: number) => [index, item] as const)
    : Object.entries(value);
  if (keys.length >= maxDepth && entries.length > 0) return store('json');
  const objects: PlannedObject[] = [];
  const parts = entries.map(([key, item]) => {
    const part = walk(item, [...keys, key], rules);
    for (const object of part.objects) objects.push(object);
    return [String(key), part.value] as const;
  });
  if (objects.length === 0 && !containsReference(value)) {
    return goJsonSize(value, limit) > limit ? store('json') : keep(value);
  }
  const dehydrated: JsonValue = isJsonArray(value)
    ? parts.map(([, part]) => part)
    : Object.fromEntries(parts);
  if (goJsonSize(dehydrated, MAX_WITH_REFERENCES) > MAX_WITH_REFERENCES) return store('json');
  return { value: dehydrated, objects };
}

function keep(value: JsonValue): DehydrationPlan {
  return { value, objects: [] };
}

/** The bytes of a stored object. Source: bobrapet-batch section 4.2. */
export function storedObject(object: PlannedObject): Uint8Array {
  return Buffer.from(`{"contentType":"${object.kind}","data":${goJson(object.value)}}`);
}
