import { FunctionError } from '../errors.js';
import { parseFloatText, parseIntText, truncateToInt64 } from '../go/float.js';
import { printValue } from '../go/format.js';
import { GoInt } from '../go/values.js';
import {
  addDecimals,
  type Decimal,
  decimalOf,
  divideDecimals,
  multiplyDecimals,
  numberOf,
} from './decimal.js';
import { type FunctionTable, fn, text } from './signature.js';
import { count } from './text.js';

/** What the lenient conversions make of a value; anything unreadable is zero. */
export function toInt64(value: unknown): bigint {
  if (value instanceof GoInt) return BigInt.asIntN(64, value.value);
  if (typeof value === 'number') return truncateToInt64(value);
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value !== 'string') return 0n;
  return parseIntText(value.replace(/\.0+$/, ''), 0) ?? 0n;
}

/** The lenient conversion to a float; anything unreadable is zero. */
export function toFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  if (value instanceof GoInt) return Number(value.value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'string' ? (parseFloatText(value) ?? 0) : 0;
}

function int64(value: bigint): GoInt {
  return new GoInt('int64', BigInt.asIntN(64, value));
}

function divisor(value: unknown): bigint {
  const number = toInt64(value);
  if (number === 0n) throw new FunctionError('runtime error: integer divide by zero');
  return number;
}

function fold(
  args: readonly unknown[],
  combine: (left: Decimal, right: Decimal) => Decimal,
): number {
  const [first, ...others] = args;
  return numberOf(
    others.reduce<Decimal>(
      (sum, next) => combine(sum, decimalOf(toFloat(next))),
      decimalOf(toFloat(first)),
    ),
  );
}

const subtract = (left: Decimal, right: Decimal): Decimal =>
  addDecimals(left, { value: -right.value, exponent: right.exponent });

function extreme(
  args: readonly unknown[],
  isBetter: (next: bigint, best: bigint) => boolean,
): GoInt {
  const numbers = args.map(toInt64);
  return int64(numbers.reduce((best, next) => (isBetter(next, best) ? next : best)));
}

function round(args: readonly unknown[]): number {
  const edge = args.length > 2 ? (args[2] as number) : 0.5;
  const scale = 10 ** count(args, 1);
  const digits = scale * toFloat(args[0]);
  const fraction = Number.isFinite(digits) ? digits - Math.trunc(digits) : Number.NaN;
  return (fraction >= edge ? Math.ceil(digits) : Math.floor(digits)) / scale;
}

/** Arithmetic: integer functions wrap at 64 bits, float functions calculate in decimal. Source: template section 6. */
export const NUMBERS: FunctionTable = {
  atoi: fn('string', (args) => {
    const value = parseIntText(text(args, 0), 10);
    if (value !== undefined) return new GoInt('int', value);
    // Out of range the nearest bound comes back, because the error is dropped and the value kept.
    const huge = /^[+-]?\d+$/.test(text(args, 0));
    if (!huge) return GoInt.of(0);
    return new GoInt('int', text(args, 0).startsWith('-') ? -(1n << 63n) : (1n << 63n) - 1n);
  }),
  int64: fn('any', ([value]) => int64(toInt64(value))),
  int: fn('any', ([value]) => new GoInt('int', toInt64(value))),
  float64: fn('any', ([value]) => toFloat(value)),
  toDecimal: fn('any', ([value]) => int64(parseIntText(printValue(value), 8) ?? 0n)),
  add1: fn('any', ([value]) => int64(toInt64(value) + 1n)),
  add: fn('...any', (args) => int64(args.reduce<bigint>((sum, value) => sum + toInt64(value), 0n))),
  sub: fn('any any', ([a, b]) => int64(toInt64(a) - toInt64(b))),
  div: fn('any any', ([a, b]) => int64(toInt64(a) / divisor(b))),
  mod: fn('any any', ([a, b]) => int64(toInt64(a) % divisor(b))),
  mul: fn('any ...any', (args) =>
    int64(args.reduce<bigint>((product, value) => BigInt.asIntN(64, product * toInt64(value)), 1n)),
  ),
  add1f: fn('any', ([value]) => fold([value, 1], addDecimals)),
  addf: fn('...any', (args) => fold([0, ...args], addDecimals)),
  subf: fn('any ...any', (args) => fold(args, subtract)),
  divf: fn('any ...any', (args) => fold(args, divideDecimals)),
  mulf: fn('any ...any', (args) => fold(args, multiplyDecimals)),
  biggest: fn('any ...any', (args) => extreme(args, (next, best) => next > best)),
  max: fn('any ...any', (args) => extreme(args, (next, best) => next > best)),
  min: fn('any ...any', (args) => extreme(args, (next, best) => next < best)),
  maxf: fn('any ...any', (args) => args.map(toFloat).reduce((best, next) => Math.max(best, next))),
  minf: fn('any ...any', (args) => args.map(toFloat).reduce((best, next) => Math.min(best, next))),
  ceil: fn('any', ([value]) => Math.ceil(toFloat(value))),
  floor: fn('any', ([value]) => Math.floor(toFloat(value))),
  round: fn('any int ...float64', round),
};
