import { FunctionError } from '../errors.js';
import { formatFloat } from '../go/float.js';

/** `value * 10^exponent`, exactly. */
export interface Decimal {
  readonly value: bigint;
  readonly exponent: number;
}

/** Decimal places of a quotient. */
const DIVISION_PLACES = 16;

/** The decimal that the shortest text of the number stands for. */
export function decimalOf(number: number): Decimal {
  if (!Number.isFinite(number))
    throw new FunctionError(`Cannot create a Decimal from ${formatFloat(number, 'g', -1)}`);
  const [mantissa = '0', exponent = '0'] = number.toExponential().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return { value: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

/** The nearest number. */
export function numberOf(decimal: Decimal): number {
  return Number(`${decimal.value}e${decimal.exponent}`);
}

function scaled(decimal: Decimal, exponent: number): bigint {
  return decimal.value * 10n ** BigInt(decimal.exponent - exponent);
}

/** The exact sum. */
export function addDecimals(left: Decimal, right: Decimal): Decimal {
  if (left.value === 0n) return right;
  if (right.value === 0n) return left;
  const exponent = Math.min(left.exponent, right.exponent);
  return { value: scaled(left, exponent) + scaled(right, exponent), exponent };
}

/** The exact product. */
export function multiplyDecimals(left: Decimal, right: Decimal): Decimal {
  return { value: left.value * right.value, exponent: left.exponent + right.exponent };
}

/** The quotient with sixteen decimal places, halves away from zero. */
export function divideDecimals(left: Decimal, right: Decimal): Decimal {
  if (right.value === 0n) throw new FunctionError('decimal division by 0');
  const shift = left.exponent - right.exponent + DIVISION_PLACES;
  const dividend = shift >= 0 ? left.value * 10n ** BigInt(shift) : left.value;
  const divider = shift >= 0 ? right.value : right.value * 10n ** BigInt(-shift);
  const quotient = dividend / divider;
  const rest = dividend % divider;
  const size = (value: bigint): bigint => (value < 0n ? -value : value);
  if (size(rest) * 2n < size(divider)) return { value: quotient, exponent: -DIVISION_PLACES };
  const away = left.value < 0n !== right.value < 0n ? -1n : 1n;
  return { value: quotient + away, exponent: -DIVISION_PLACES };
}
