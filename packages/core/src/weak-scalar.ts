import { parseDuration } from './duration.js';

/** Either the converted scalar or why there is none; reasons never contain the value. */
export type ScalarResult =
  | { readonly value: string | number | boolean; readonly reason?: undefined }
  | { readonly reason: string };

/** The JSON types that a scalar can be brought to. */
export type ScalarType = 'string' | 'integer' | 'number' | 'boolean';

/** Whether a JSON Schema type is one of the scalars. */
export function isScalarType(type: string): type is ScalarType {
  return Object.hasOwn(zeroScalars, type);
}

const LARGEST_INTEGER = 2n ** 63n - 1n;

/** What null means where a value is required. Source: bobrapet-batch section 2.5. */
export const zeroScalars: Readonly<Record<ScalarType, string | number | boolean>> = {
  string: '',
  integer: 0,
  number: 0,
  boolean: false,
};

/** Brings a value to a scalar type by the table of weak decoding. Source: bobrapet-batch section 2.5. */
export function weakScalar(value: unknown, type: ScalarType): ScalarResult {
  switch (type) {
    case 'string':
      return weakString(value);
    case 'integer':
      return weakInteger(value);
    case 'number':
      return weakNumber(value);
    default:
      return weakBoolean(value);
  }
}

/** Whether a text is a duration; numbers have no unit and are refused. Source: bobrapet-batch section 2.5. */
export function weakDuration(value: unknown, allowIso: boolean): ScalarResult {
  if (typeof value !== 'string') {
    return { reason: `expected a duration as text, such as "30s", got ${kindOf(value)}` };
  }
  if (allowIso && /^[+-]?P[0-9TYMWDHS.,]+$/.test(value)) return { value };
  try {
    parseDuration(value);
    return { value };
  } catch {
    return { reason: 'expected a duration such as "30s" or "1h30m", got other text' };
  }
}

function weakString(value: unknown): ScalarResult {
  if (typeof value === 'string') return { value };
  if (typeof value === 'boolean') return { value: value ? '1' : '0' };
  if (typeof value === 'number' && Number.isFinite(value)) return { value: plainDecimal(value) };
  return { reason: `expected text, got ${kindOf(value)}` };
}

function weakInteger(value: unknown): ScalarResult {
  if (typeof value === 'boolean') return { value: value ? 1 : 0 };
  if (typeof value === 'number' && Number.isFinite(value)) {
    const whole = Math.trunc(value);
    // The upper bound itself is 2^63 as a number, one more than the largest integer.
    if (whole >= 2 ** 63 || whole < -(2 ** 63)) return { reason: TOO_LARGE };
    return { value: whole === 0 ? 0 : whole };
  }
  if (typeof value !== 'string') return { reason: `expected an integer, got ${kindOf(value)}` };
  if (value === '') return { value: 0 };
  const integer = parseInteger(value);
  if (integer === undefined) return { reason: 'expected an integer, got text that is none' };
  if (integer > LARGEST_INTEGER || integer < -LARGEST_INTEGER - 1n) return { reason: TOO_LARGE };
  const number = Number(integer);
  // Handing on a neighbour of the number that was written would be a silent change.
  if (BigInt(number) !== integer) {
    return { reason: 'the integer is too large to be exact; declare it as a string' };
  }
  return { value: number };
}

const TOO_LARGE = 'the integer does not fit into 64 bits';

function weakNumber(value: unknown): ScalarResult {
  if (typeof value === 'boolean') return { value: value ? 1 : 0 };
  if (typeof value === 'number' && Number.isFinite(value)) return { value };
  if (typeof value !== 'string') return { reason: `expected a number, got ${kindOf(value)}` };
  if (value === '') return { value: 0 };
  if (!DECIMAL.test(value)) return { reason: 'expected a number, got text that is none' };
  const number = Number(value.replaceAll('_', ''));
  if (!Number.isFinite(number)) return { reason: 'the number is too large' };
  return { value: number };
}

const DIGITS = '[0-9]+(?:_[0-9]+)*';
const DECIMAL = new RegExp(
  `^[+-]?(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:[eE][+-]?${DIGITS})?$`,
);

const TRUE_WORDS: readonly string[] = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE_WORDS: readonly string[] = ['0', 'f', 'F', 'FALSE', 'false', 'False', ''];

function weakBoolean(value: unknown): ScalarResult {
  if (typeof value === 'boolean') return { value };
  if (typeof value === 'number') return { value: value !== 0 };
  if (typeof value === 'string') {
    if (TRUE_WORDS.includes(value)) return { value: true };
    if (FALSE_WORDS.includes(value)) return { value: false };
    return { reason: 'expected a boolean, got text that is neither true nor false' };
  }
  return { reason: `expected a boolean, got ${kindOf(value)}` };
}

const BASES: readonly (readonly [form: RegExp, prefix: string])[] = [
  [/^0[xX](?:_?[0-9a-fA-F])+$/, '0x'],
  [/^0[bB](?:_?[01])+$/, '0b'],
  [/^0[oO](?:_?[0-7])+$/, '0o'],
  [/^0(?:_?[0-7])+$/, '0o'],
];

/** An integer literal with an optional base prefix; a leading zero alone means octal. */
function parseInteger(text: string): bigint | undefined {
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (digits.length > 128) return undefined; // No integer of 64 bits is that long; the conversion would be slow.
  const magnitude = parseMagnitude(digits);
  return sign === '-' && magnitude !== undefined ? -magnitude : magnitude;
}

function parseMagnitude(digits: string): bigint | undefined {
  if (/^(?:0|[1-9](?:_?[0-9])*)$/.test(digits)) return BigInt(digits.replaceAll('_', ''));
  const base = BASES.find(([form]) => form.test(digits));
  if (base === undefined) return undefined;
  const bare = digits.replaceAll('_', '').replace(/^0[xXbBoO]?/, '');
  return BigInt(`${base[1]}${bare}`);
}

/** The shortest decimal that reads back as the number, never with an exponent. */
function plainDecimal(value: number): string {
  const shortest = Object.is(value, -0) ? '-0' : String(value);
  const match = /^(-?)([0-9])(?:\.([0-9]+))?e([+-][0-9]+)$/.exec(shortest);
  if (match === null) return shortest;
  const [, sign = '', first = '', rest = '', exponent = '0'] = match;
  const digits = first + rest;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}`; // An exponent this large leaves no digit behind the point.
}

/** The JSON kind of a value, for messages. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
