import { InvalidInputError } from '@engramkit/core';

// The texts that Python's `str` gives, for values that its JSON writer turns into strings with `default=str`.
// Source: function-descriptor section 3.5.

/** A day of the calendar; `month` and `day` count from 1. */
export interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** `datetime.date`: `2026-03-30`. A Date gives its day in UTC. Throws `INVALID_PYTHON_VALUE`. */
export function pyDate(day: Date | CalendarDay): string {
  const { year, month, day: ofMonth } = day instanceof Date ? dayOf(day) : day;
  // Only a day that exists comes back as it was.
  const real = new Date(0);
  real.setUTCFullYear(year, month - 1, ofMonth);
  if (
    !(year >= 1 && year <= 9999) ||
    real.getUTCFullYear() !== year ||
    real.getUTCMonth() !== month - 1 ||
    real.getUTCDate() !== ofMonth
  ) {
    throw invalid(
      'a date',
      `${year}-${month}-${ofMonth}`,
      'Pass a day from year 1 to 9999 that exists.',
    );
  }
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(ofMonth, 2)}`;
}

/** Options of {@link pyDatetime}. */
export interface PyDatetimeOptions {
  /** Minutes east of UTC; without it the text has no offset and shows UTC, as a naive `datetime` of UTC does. */
  readonly offsetMinutes?: number | undefined;
  /** Microseconds beyond the milliseconds of the Date, 0 to 999. */
  readonly microseconds?: number | undefined;
}

/**
 * `datetime.datetime`: `2026-03-30 22:12:29`, with `.000005` when there are microseconds and `-04:00` when there is an offset.
 *
 * Throws `INVALID_PYTHON_VALUE`. Source: function-descriptor section 3.5.
 */
export function pyDatetime(instant: Date, options: PyDatetimeOptions = {}): string {
  const { offsetMinutes, microseconds = 0 } = options;
  if (Number.isNaN(instant.getTime())) {
    throw invalid('a datetime', 'an invalid Date', 'Pass a Date that holds a time.');
  }
  if (!Number.isInteger(microseconds) || microseconds < 0 || microseconds > 999) {
    throw invalid(
      'a datetime',
      `microseconds ${microseconds}`,
      'Pass a whole number from 0 to 999.',
    );
  }
  const offset = offsetMinutes ?? 0;
  if (!Number.isInteger(offset) || Math.abs(offset) >= 24 * 60) {
    throw invalid('a datetime', `offsetMinutes ${offset}`, 'Pass whole minutes within a day.');
  }
  const local = new Date(instant.getTime() + offset * 60_000);
  const micro = local.getUTCMilliseconds() * 1000 + microseconds;
  const fraction = micro === 0 ? '' : `.${digits(micro, 6)}`;
  const clock = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()]
    .map((part) => digits(part, 2))
    .join(':');
  return `${pyDate(local)} ${clock}${fraction}${offsetMinutes === undefined ? '' : offsetText(offset)}`;
}

/** `datetime.timedelta`: `1 day, 0:00:03`, `-1 day, 23:59:59.500000`. Throws `INVALID_PYTHON_VALUE`. */
export function pyTimedelta(durationMs: number): string {
  let days = Math.floor(durationMs / 86_400_000);
  let rest = Math.round((durationMs - days * 86_400_000) * 1000);
  if (rest === 86_400_000_000) {
    days += 1;
    rest = 0;
  }
  if (!(Math.abs(days) <= 999_999_999)) {
    throw invalid('a timedelta', String(durationMs), 'Pass milliseconds of less than 10^9 days.');
  }
  const seconds = Math.floor(rest / 1_000_000);
  const micro = rest % 1_000_000;
  const clock = `${Math.floor(seconds / 3600)}:${digits(Math.floor(seconds / 60) % 60, 2)}:${digits(seconds % 60, 2)}`;
  const dayText = days === 0 ? '' : `${days} day${Math.abs(days) === 1 ? '' : 's'}, `;
  return `${dayText}${clock}${micro === 0 ? '' : `.${digits(micro, 6)}`}`;
}

const DECIMAL = /^([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]+))?$/;

/**
 * `decimal.Decimal` of the same text: digits and trailing zeros are kept, exponents come as Python writes them (`1E+3`).
 *
 * Throws `INVALID_PYTHON_VALUE`. Source: function-descriptor section 3.5.
 */
export function pyDecimal(text: string): string {
  const special = /^([+-]?)(nan|inf(?:inity)?)$/i.exec(text);
  if (special !== null) {
    const sign = special[1] === '-' ? '-' : '';
    return sign + (special[2]!.toLowerCase() === 'nan' ? 'NaN' : 'Infinity');
  }
  const found = DECIMAL.exec(text);
  if (found === null) throw invalid('a decimal', text, 'Pass a number as text, such as "1.10".');
  const [, sign, whole = '', after = '', bare = '', exponentText = '0'] = found;
  const fraction = after + bare;
  const coefficient = (whole + fraction).replace(/^0+(?=.)/, '');
  const exponent = Number(exponentText) - fraction.length;
  const adjusted = exponent + coefficient.length - 1;
  return (sign === '-' ? '-' : '') + decimalText(coefficient, exponent, adjusted);
}

function decimalText(coefficient: string, exponent: number, adjusted: number): string {
  if (exponent > 0 || adjusted < -6) {
    const [first, rest] = [coefficient.slice(0, 1), coefficient.slice(1)];
    return `${first}${rest === '' ? '' : `.${rest}`}E${adjusted < 0 ? '-' : '+'}${Math.abs(adjusted)}`;
  }
  if (exponent === 0) return coefficient;
  const point = coefficient.length + exponent;
  return point > 0
    ? `${coefficient.slice(0, point)}.${coefficient.slice(point)}`
    : `0.${'0'.repeat(-point)}${coefficient}`;
}

/** `uuid.UUID`: lower case with hyphens; takes braces, `urn:uuid:` and upper case as Python does. Throws `INVALID_PYTHON_VALUE`. */
export function pyUuid(text: string): string {
  const hex = text
    .replace(/^urn:uuid:/, '')
    .replace(/^\{|\}$/g, '')
    .replaceAll('-', '')
    .toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(hex)) throw invalid('a UUID', text, 'Pass 32 hexadecimal digits.');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

/** `bytes`: the literal that Python prints, such as `b'ab\xff'`. */
export function pyBytes(bytes: Uint8Array): string {
  const isSingle = bytes.includes(0x27) && !bytes.includes(0x22);
  const quote = isSingle ? '"' : "'";
  let text = `b${quote}`;
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (character === quote || character === '\\') text += `\\${character}`;
    else if (byte === 0x09) text += '\\t';
    else if (byte === 0x0a) text += '\\n';
    else if (byte === 0x0d) text += '\\r';
    else if (byte < 0x20 || byte > 0x7e) text += `\\x${byte.toString(16).padStart(2, '0')}`;
    else text += character;
  }
  return text + quote;
}

function dayOf(instant: Date): CalendarDay {
  return {
    year: instant.getUTCFullYear(),
    month: instant.getUTCMonth() + 1,
    day: instant.getUTCDate(),
  };
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${digits(Math.floor(size / 60), 2)}:${digits(size % 60, 2)}`;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}

function invalid(kind: string, given: string, hint: string): InvalidInputError {
  return new InvalidInputError(`${JSON.stringify(given.slice(0, 100))} is not ${kind} of Python.`, {
    code: 'INVALID_PYTHON_VALUE',
    hint,
  });
}
