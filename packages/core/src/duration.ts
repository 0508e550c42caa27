import { InvalidInputError } from './error.js';

/** The nanoseconds of each unit. Source: bobrapet-batch section 1.2. */
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const LARGEST = 2n ** 63n - 1n;
const GROUP = /([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/y;

/**
 * Parses a duration in Go syntax, such as `1h30m`, `250ms`, `-1.5s` or `0`, to nanoseconds.
 *
 * Units are `ns us µs μs ms s m h`; there is no day. Digits below a nanosecond are cut off. The range is that of a signed
 * 64-bit integer. Throws an `InvalidInputError` with code `DURATION_INVALID`. Source: bobrapet-batch section 1.2.
 */
export function parseDuration(text: string): bigint {
  const negative = text.startsWith('-');
  const unsigned = negative || text.startsWith('+') ? text.slice(1) : text;
  if (unsigned === '0') return 0n;
  if (unsigned === '') throw invalid(text, 'it is empty');
  let total = 0n;
  for (GROUP.lastIndex = 0; GROUP.lastIndex < unsigned.length; ) {
    const [, whole = '', fraction = '', unit = ''] = GROUP.exec(unsigned) ?? [];
    if (whole === '' && fraction === '') throw invalid(text, 'a number is missing');
    if (unit === '') throw invalid(text, 'a unit is missing');
    const scale = UNITS.get(unit);
    if (scale === undefined) throw invalid(text, 'a unit is unknown');
    total += wholeDigits(text, whole) * scale + fractionOf(fraction, scale);
    if (total > LARGEST + 1n) throw invalid(text, 'it is too long');
  }
  if (negative) return -total;
  if (total > LARGEST) throw invalid(text, 'it is too long');
  return total;
}

function wholeDigits(text: string, digits: string): bigint {
  const significant = digits.replace(/^0+/, '');
  if (significant.length > 19) throw invalid(text, 'it is too long'); // 2^63 has 19 digits.
  return BigInt(significant);
}

/**
 * The nanoseconds of the digits after the point.
 *
 * Computed in double precision like every reader of this syntax does, so that `0.3333333333333333333h` is twenty minutes; digits
 * that no longer fit into 63 bits are passed over.
 */
function fractionOf(digits: string, scale: bigint): bigint {
  let value = 0n;
  let divisor = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (value > LARGEST / 10n || next > LARGEST + 1n) break;
    value = next;
    divisor *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(scale) / divisor)));
}

function invalid(text: string, reason: string): InvalidInputError {
  const shown = text.length <= 40 ? text : `${text.slice(0, 40)}…`;
  return new InvalidInputError(`${JSON.stringify(shown)} is not a duration: ${reason}`, {
    code: 'DURATION_INVALID',
    hint: 'Write numbers with units, such as "30s", "1h30m" or "250ms"; units are ns, us, ms, s, m and h.',
  });
}

/**
 * Writes nanoseconds in Go syntax: `0s`, `750ns`, `1.5µs`, `250ms`, `1m0s`, `2h45m30.5s`.
 *
 * The micro sign is U+00B5. Throws `DURATION_INVALID` outside of the signed 64-bit range. Source: bobrapet-batch section 1.2.
 */
export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds > LARGEST || nanoseconds < -LARGEST - 1n) {
    throw invalid(`${nanoseconds}ns`, 'it is too long');
  }
  if (nanoseconds < 0n) return `-${formatMagnitude(-nanoseconds)}`;
  return formatMagnitude(nanoseconds);
}

function formatMagnitude(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s';
  if (nanoseconds < 1_000n) return `${nanoseconds}ns`;
  if (nanoseconds < 1_000_000n) return `${decimal(nanoseconds, 3)}\u00b5s`;
  if (nanoseconds < 1_000_000_000n) return `${decimal(nanoseconds, 6)}ms`;
  const minutes = nanoseconds / 60_000_000_000n;
  const seconds = `${decimal(nanoseconds % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function decimal(value: bigint, fractionDigits: number): string {
  const scale = 10n ** BigInt(fractionDigits);
  const fraction = (value % scale).toString().padStart(fractionDigits, '0').replace(/0+$/, '');
  return fraction === '' ? `${value / scale}` : `${value / scale}.${fraction}`;
}

/** Milliseconds of a duration in nanoseconds, with fractions. */
export function durationToMs(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n) + Number(nanoseconds % 1_000_000n) / 1_000_000;
}

/**
 * Nanoseconds of a duration in milliseconds, rounded to the nearest.
 *
 * Throws `DURATION_INVALID` for what is not finite or exceeds the signed 64-bit range.
 */
export function durationFromMs(milliseconds: number): bigint {
  if (!Number.isFinite(milliseconds)) throw invalid(`${milliseconds}ms`, 'it is not finite');
  const whole = Math.trunc(milliseconds);
  const nanoseconds =
    BigInt(whole) * 1_000_000n + BigInt(Math.round((milliseconds - whole) * 1_000_000));
  if (nanoseconds > LARGEST || nanoseconds < -LARGEST - 1n) {
    throw invalid(`${milliseconds}ms`, 'it is too long');
  }
  return nanoseconds;
}
