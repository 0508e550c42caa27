import { type JsonValue, parseJson } from '@engramkit/core';
import { type ErrorObject, errorObject } from '../wire/run-types.js';
import type { PackedValue } from './session-journal.js';

/** Deeper than what JSON may be here. */
const DEEPEST = 120;

/** A value as the prelude packed it, with big integers as text: ready for JSON. */
export function packedJson(value: unknown, depth = 0): PackedValue {
  if (depth > DEEPEST * 3) throw new RangeError('the value is nested too deeply');
  if (typeof value === 'bigint') return ['i', value.toString()];
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map((item) => packedJson(item, depth + 1));
  return value as PackedValue;
}

/** Whether a packed value holds something that cannot be kept; its type then. */
export function unpackable(value: PackedValue): string | undefined {
  if (!Array.isArray(value)) return undefined;
  if (value[0] === 'x') return String(value[1]);
  for (const item of value) {
    const found = unpackable(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The JSON text of a packed value, or why there is none. */
export function packedToJsonText(value: PackedValue): string | { readonly error: ErrorObject } {
  try {
    return textOf(value, 0);
  } catch (thrown) {
    const kind = thrown instanceof Unsayable ? thrown.message : 'a value that is nested too deeply';
    return {
      error: errorObject('RESULT_NOT_SERIALIZABLE', `the value is not plain JSON: ${kind}`, {
        hint: `It holds a value of type ${kind}.`,
      }),
    };
  }
}

class Unsayable extends Error {}

function textOf(value: PackedValue, depth: number): string {
  if (depth > DEEPEST) throw new Unsayable('a value that is nested too deeply');
  if (!Array.isArray(value)) return JSON.stringify(value);
  const [kind, content] = value as unknown as readonly [string, JsonValue];
  if (kind === 'i') return String(content);
  if (kind === 'f') {
    if (typeof content !== 'number') throw new Unsayable(`float (${String(content)})`);
    return JSON.stringify(content);
  }
  if (kind === 'l' || kind === 't') {
    return `[${(content as readonly PackedValue[]).map((item) => textOf(item, depth + 1)).join(',')}]`;
  }
  if (kind === 'd') {
    const members = (content as readonly (readonly [PackedValue, PackedValue])[]).map(
      ([key, item]) => {
        if (typeof key !== 'string') throw new Unsayable('dict with keys that are no strings');
        return `${JSON.stringify(key)}:${textOf(item, depth + 1)}`;
      },
    );
    return `{${members.join(',')}}`;
  }
  throw new Unsayable(kind === 's' ? 'set' : kind === 'b' ? 'bytes' : String(content));
}

/** A value of a Monty program as JSON; throws a `TypeError` for what JSON cannot say. */
export function montyToJson(value: unknown, depth = 0): JsonValue {
  if (depth > DEEPEST) throw new TypeError('the value is nested too deeply');
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw new TypeError(`${value} is not plain JSON`);
  }
  if (typeof value === 'bigint') {
    const near = Number(value);
    if (Number.isFinite(near)) return near;
    throw new TypeError('the integer is too large for JSON');
  }
  if (Array.isArray(value)) return value.map((item) => montyToJson(item, depth + 1));
  if (value instanceof Map) {
    const members: [string, JsonValue][] = [];
    for (const [key, item] of value) {
      if (typeof key !== 'string')
        throw new TypeError('a dict with keys that are no strings is not plain JSON');
      members.push([key, montyToJson(item, depth + 1)]);
    }
    return Object.fromEntries(members);
  }
  throw new TypeError('the value is not plain JSON');
}

/** The inputs of a run, packed by name. */
export function packInputs(inputsText: string): Readonly<Record<string, unknown>> {
  const inputs = parseJson(inputsText, { what: 'the inputs', prototypeKeys: 'keep' });
  const entries = Object.entries(inputs as object);
  return Object.fromEntries(entries.map(([name, value]) => [name, packInput(value)]));
}

function packInput(value: unknown): unknown {
  if (Array.isArray(value)) return ['l', value.map(packInput)];
  if (typeof value === 'object' && value !== null) {
    return ['d', Object.entries(value).map(([key, item]) => [key, packInput(item)])];
  }
  if (typeof value === 'number' && !Number.isInteger(value)) return ['f', value];
  return value;
}
