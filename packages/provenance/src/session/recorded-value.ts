import { InvalidInputError, type JsonValue } from '@engramkit/core';
import { canonicalize, PyFloat } from '@engramkit/ids';

/**
 * A value that a record may hold: JSON, plus whole numbers of any size and floats that stay floats.
 *
 * A plain `number` that is a safe integer is written as an int, any other as a float; `PyFloat` is always a float.
 * Source: function-descriptor section 3.7.
 */
export type RecordedValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PyFloat
  | readonly RecordedValue[]
  | RecordedMap;

/** A map of a record: intent, evidence, a state. */
export interface RecordedMap {
  readonly [key: string]: RecordedValue;
}

/** How deep a recorded value may nest. */
export const RECORDED_DEPTH_LIMIT = 100;

/** Whether the value is a map of a record: an object that is no array and no float. */
export function isMap(value: unknown): value is RecordedMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof PyFloat)
  );
}

/**
 * A deep copy of what a caller passes, checked: later changes of the original do not reach it.
 *
 * Sets become sorted lists, members with value `undefined` are left out. Everything that JSON cannot hold (functions, symbols,
 * dates, maps, class instances, non-finite numbers, lone surrogates, cycles, nesting above 100) is refused with
 * `RECORD_INVALID` and the path. Source: provenance sections 2.3 and 6 (rows 9 and 10).
 */
export function copyRecordedMap(value: unknown, path: string): RecordedMap {
  const copy = copied(value, path, new Set());
  if (!isMap(copy)) throw refused(path, `${kindOf(value)} is not a map`);
  return copy;
}

function copied(value: unknown, path: string, above: Set<object>): RecordedValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return value;
  if (typeof value === 'string') {
    if (LONE_SURROGATE.test(value)) throw refused(path, 'the text has a lone surrogate');
    return value;
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw refused(path, `${value} has no JSON form`);
    return value;
  }
  if (value instanceof PyFloat) {
    if (!Number.isFinite(value.value)) throw refused(path, `${value.value} has no JSON form`);
    return value;
  }
  if (typeof value !== 'object') throw refused(path, `${kindOf(value)} has no JSON form`);
  if (above.has(value)) throw refused(path, 'the value contains itself');
  if (above.size >= RECORDED_DEPTH_LIMIT) {
    throw refused(path, `the value nests deeper than ${RECORDED_DEPTH_LIMIT}`);
  }
  above.add(value);
  const copy = copiedContainer(value, path, above);
  above.delete(value);
  return copy;
}

function copiedContainer(value: object, path: string, above: Set<object>): RecordedValue {
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) =>
      item === undefined ? null : copied(item, `${path}/${index}`, above),
    );
  }
  if (value instanceof Set) {
    const items = [...value].map((item: unknown, index) => copied(item, `${path}/${index}`, above));
    return items.sort(compareSetItems);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    throw refused(path, `an object of type ${kindOf(value)} is not JSON serializable`);
  }
  const copy: Record<string, RecordedValue> = {};
  for (const [key, item] of Object.entries(value)) {
    const at = `${path}/${key}`;
    if (LONE_SURROGATE.test(key)) throw refused(at, 'the key has a lone surrogate');
    if (item === undefined) continue;
    Object.defineProperty(copy, key, {
      value: copied(item, at, above),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return copy;
}

function compareSetItems(left: RecordedValue, right: RecordedValue): number {
  if (isNumber(left) && isNumber(right)) return left < right ? -1 : left > right ? 1 : 0;
  const a = canonicalText(left);
  const b = canonicalText(right);
  return a < b ? -1 : a > b ? 1 : 0;
}

function isNumber(value: RecordedValue): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** Members with value null are left out at every depth; nulls that are list items stay. Source: provenance section 2.3. */
export function withoutNulls(value: RecordedValue): RecordedValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isMap(value)) return value;
  const kept: Record<string, RecordedValue> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === null) continue;
    Object.defineProperty(kept, key, {
      value: withoutNulls(item),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return kept;
}

/**
 * The value as plain JSON, as the ledger stores it.
 *
 * Floats become numbers; a bigint becomes a number when it is a safe integer, and its decimal text otherwise.
 * Source: provenance section 8.2.
 */
export function toPlainJson(value: RecordedValue): JsonValue {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (value instanceof PyFloat) return value.value;
  if (Array.isArray(value)) return value.map(toPlainJson);
  if (!isMap(value)) return value as JsonValue; // What is left is a JSON primitive.
  const plain: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(plain, key, {
      value: toPlainJson(item),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return plain;
}

/**
 * Whether the RFC 8785 form keeps everything that the compatible file shows: the order of members, floats that are whole numbers,
 * integers beyond the safe ones, negative zero.
 */
export function survivesCanonicalForm(value: RecordedValue): boolean {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value));
  if (value instanceof PyFloat) return !Number.isSafeInteger(value.value);
  if (typeof value === 'number') return !Object.is(value, -0);
  if (Array.isArray(value)) return value.every(survivesCanonicalForm);
  if (!isMap(value)) return true;
  let previous: string | undefined;
  for (const [key, item] of Object.entries(value)) {
    if (previous !== undefined && key < previous) return false;
    if (!survivesCanonicalForm(item)) return false;
    previous = key;
  }
  return true;
}

/** The JSON text of a map as CPython writes it without white space, members in their own order. */
export function verbatimText(value: RecordedValue): string {
  if (Array.isArray(value)) return `[${value.map(verbatimText).join(',')}]`;
  if (!isMap(value))
    return pythonScalarText(
      value as Exclude<RecordedValue, readonly RecordedValue[] | RecordedMap>,
    );
  const members = Object.entries(value).map(
    ([key, item]) => `${pythonScalarText(key)}:${verbatimText(item)}`,
  );
  return `{${members.join(',')}}`;
}

/** The RFC 8785 text of the value. */
export function canonicalText(value: RecordedValue): string {
  return canonicalize(toPlainJson(value), { scheme: 'jcs' });
}

/** The layout of a float in Python's `repr` and in its JSON. Source: function-descriptor section 3.2. */
export function floatText(value: number): string {
  return canonicalize(new PyFloat(value), { scheme: 'python' });
}

/** The JSON text of a scalar as CPython's `json.dumps` writes it: ASCII only. */
export function pythonScalarText(
  value: null | boolean | number | bigint | string | PyFloat,
): string {
  return canonicalize(value, { scheme: 'python' });
}

const LONE_SURROGATE = /[\ud800-\udfff]/u;

function refused(path: string, why: string): InvalidInputError {
  return new InvalidInputError(`${path.slice(0, 200)}: ${why}`, {
    code: 'RECORD_INVALID',
    details: { path: path.slice(0, 200) },
    hint: 'Pass JSON: null, booleans, finite numbers, texts, lists and plain objects. Nothing was recorded.',
  });
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.prototype.toString.call(value).slice(8, -1);
}
