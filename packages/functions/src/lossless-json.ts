import { InvalidInputError, jsonPointer } from '@engramkit/core';
import { isPyFloat } from '@engramkit/ids';

/** As deep as content ids go. Source: function-descriptor section 3.6. */
const DEEPEST = 990;

/**
 * A value from the lossless parser as ordinary JavaScript: floats without a fraction become plain numbers.
 *
 * Integers beyond 2^53 - 1 stay bigints, because a number would be another one. A value without such parts comes back as it is.
 */
export function plainValue(value: unknown): unknown {
  return hasFloats(value, 0) ? copyPlain(value) : value;
}

function hasFloats(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return false;
  if (isPyFloat(value)) return true;
  if (Array.isArray(value)) return value.some((item) => hasFloats(item, depth + 1));
  for (const name of Object.keys(value)) {
    if (hasFloats((value as Readonly<Record<string, unknown>>)[name], depth + 1)) return true;
  }
  return false;
}

function copyPlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isPyFloat(value)) return value.value;
  if (Array.isArray(value)) return value.map(copyPlain);
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) setMember(copy, name, copyPlain(member));
  return copy;
}

function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') object[name] = value;
  else
    Object.defineProperty(object, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

/**
 * JSON text that has the same `python` content id as the value: floats keep their fraction, bigints their digits, members
 * their order.
 *
 * Throws `JSON_UNSERIALIZABLE` with the path of what JSON cannot say: NaN and infinities, `undefined`, functions, symbols, class
 * instances, cycles and nesting beyond 990 levels. Source: function-descriptor section 3.7.
 */
export function losslessText(value: unknown, what = 'the value'): string {
  const path: (string | number)[] = [];
  const refuse = (reason: string): never => {
    const at = jsonPointer(path.slice(0, 50));
    throw new InvalidInputError(`${what} is no JSON: ${reason} at ${at === '' ? 'its top' : at}`, {
      code: 'JSON_UNSERIALIZABLE',
      details: { path: at },
      hint: 'Return texts, finite numbers, booleans, null, lists and plain objects.',
    });
  };
  const write = (part: unknown, depth: number): string => {
    switch (typeof part) {
      case 'string':
        return JSON.stringify(part);
      case 'number':
        return Number.isFinite(part) ? numberText(part) : refuse(`${part} is no number of JSON`);
      case 'boolean':
        return part ? 'true' : 'false';
      case 'bigint':
        return part.toString();
      case 'object':
        return part === null ? 'null' : container(part, depth);
      default:
        return refuse(`there is ${part === undefined ? 'undefined' : `a ${typeof part}`}`);
    }
  };
  const container = (part: object, depth: number): string => {
    if (depth > DEEPEST) return refuse('it is cyclic or nested too deep');
    if (isPyFloat(part)) {
      return Number.isFinite(part.value) ? floatText(part.value) : refuse('there is no number');
    }
    if (Array.isArray(part)) {
      let text = '[';
      for (let index = 0; index < part.length; index += 1) {
        path[depth] = index;
        text += (index === 0 ? '' : ',') + write(part[index], depth + 1);
        path.length = depth;
      }
      return `${text}]`;
    }
    const prototype: unknown = Object.getPrototypeOf(part);
    if (prototype !== Object.prototype && prototype !== null) {
      return refuse('there is an instance of a class');
    }
    let text = '{';
    for (const name of Object.keys(part)) {
      path[depth] = name;
      const member = write((part as Readonly<Record<string, unknown>>)[name], depth + 1);
      text += `${text === '{' ? '' : ','}${JSON.stringify(name)}:${member}`;
      path.length = depth;
    }
    return `${text}}`;
  };
  return write(value, 0);
}

/** Integers as digits; what is no safe integer is a float. */
function numberText(value: number): string {
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : floatText(value);
}

/** A float always shows that it is one. */
export function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
