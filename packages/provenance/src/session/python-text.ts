import { PyFloat } from '@engramkit/ids';
import { floatText, isMap, type RecordedMap, type RecordedValue } from './recorded-value.js';

/**
 * The text that Python's `str()` gives for the value: strings raw, everything else as a literal.
 *
 * Source: provenance section 5.
 */
export function pythonStr(value: RecordedValue | undefined): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

/** The text that Python's `repr()` gives for the value; `undefined` counts as `None`. */
export function pythonRepr(value: RecordedValue | undefined): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && !Object.is(value, -0)
      ? String(value)
      : pyFloatText(value);
  if (value instanceof PyFloat) return pyFloatText(value.value);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (!isMap(value)) return String(value);
  const members = Object.entries(value).map(([key, item]) => `${quoted(key)}: ${pythonRepr(item)}`);
  return `{${members.join(', ')}}`;
}

/**
 * Python's `==` of two values: `1 == 1.0 == True`, `0 == False`, containers deeply, NaN differs from itself.
 *
 * A missing value (`undefined`) counts as `None`. Source: provenance section 5.
 */
export function pythonEquals(
  left: RecordedValue | undefined,
  right: RecordedValue | undefined,
): boolean {
  const a = numeric(left);
  const b = numeric(right);
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number of the same value are equal, exactly, with ==.
  if (a !== undefined || b !== undefined) return a !== undefined && b !== undefined && a == b;
  if (left === null || left === undefined) return right === null || right === undefined;
  if (typeof left === 'string') return left === right;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => pythonEquals(item, right[index]))
    );
  }
  return isMap(left) && isMap(right) && sameMembers(left, right);
}

/** Sorts texts by Unicode code point, as Python does; UTF-16 order differs above U+FFFF. */
export function compareCodePoints(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return rank(left, index, a) - rank(right, index, b);
  }
  return left.length - right.length;
}

/** A unit that belongs to a pair stands above all others; a lone one keeps its place. */
function rank(text: string, index: number, unit: number): number {
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  const isHigh = unit < 0xdc00;
  const partner = text.charCodeAt(isHigh ? index + 1 : index - 1);
  const paired = isHigh
    ? partner >= 0xdc00 && partner <= 0xdfff
    : partner >= 0xd800 && partner <= 0xdbff;
  return paired ? unit + 0x10000 : unit;
}

function sameMembers(left: RecordedMap, right: RecordedMap): boolean {
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && pythonEquals(left[key], right[key]))
  );
}

function numeric(value: RecordedValue | undefined): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof PyFloat ? value.value : undefined;
}

/** `float.__repr__`, with the bare words that Python's `str` uses for the values JSON lacks. */
function pyFloatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return floatText(value);
}

/** A Python string literal: single quotes unless the text has some and no double quotes. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = quote;
  for (const character of text) out += escaped(character, quote);
  return out + quote;
}

function escaped(character: string, quote: string): string {
  if (character === '\\' || character === quote) return `\\${character}`;
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x20 && code < 0x7f) return character;
  if (!UNPRINTABLE.test(character)) return character;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** What `str.isprintable` refuses, as the platform's version of Unicode has it: controls, formats, surrogates, private use, unassigned, separators but the blank. */
const UNPRINTABLE = /^[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]$/u;
