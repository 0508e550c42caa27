import { ArcpError } from '../error.js';

/** An exact decimal: `units` times ten to the power of minus `scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

/** An amount of one currency or credit. */
export interface Amount {
  readonly currency: string;
  readonly value: Decimal;
}

/** Source: arcp section 5.7, L-50. */
const AMOUNT = /^([A-Za-z][A-Za-z0-9_-]*):(\d+(?:\.\d+)?)$/;
const LONGEST_AMOUNT = 128;
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const LARGEST_EXPONENT = 400;

/** Parses `USD:1.50`; throws `INVALID_REQUEST`. */
export function parseAmount(text: unknown): Amount {
  const match =
    typeof text === 'string' && text.length <= LONGEST_AMOUNT ? AMOUNT.exec(text) : null;
  if (match === null) {
    const shown = typeof text === 'string' ? `"${text.slice(0, 100)}"` : `a ${typeof text}`;
    throw new ArcpError('INVALID_REQUEST', `a budget must look like "USD:1.50", got ${shown}`, {
      details: { field: 'cost.budget' },
    });
  }
  return { currency: match[1]!, value: parseDecimal(match[2]!)! };
}

/** Parses decimal text, with or without sign and exponent; nothing when it is not a decimal. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const fraction = match[3] ?? '';
  const exponent = Number(match[4] ?? 0);
  if (Math.abs(exponent) > LARGEST_EXPONENT) return undefined;
  const units = BigInt(`${match[1]}${match[2]}${fraction}`);
  const scale = fraction.length - exponent;
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

/** The decimal that a number's shortest text stands for; nothing for NaN and infinities. */
export function decimalFromNumber(value: number): Decimal | undefined {
  return Number.isFinite(value) ? parseDecimal(String(value)) : undefined;
}

/** The nearest number: `0.58` and not `0.5800000000000001`. */
export function decimalToNumber(value: Decimal): number {
  return Number(formatDecimal(value));
}

/** Plain decimal text without exponent, with the decimal's own number of digits. */
export function formatDecimal(value: Decimal): string {
  const negative = value.units < 0n;
  const digits = (negative ? -value.units : value.units).toString().padStart(value.scale + 1, '0');
  const cut = digits.length - value.scale;
  const fraction = value.scale === 0 ? '' : `.${digits.slice(cut)}`;
  return `${negative ? '-' : ''}${digits.slice(0, cut)}${fraction}`;
}

export const zeroDecimal: Decimal = { units: 0n, scale: 0 };

/** Exact sum. */
export function addDecimal(left: Decimal, right: Decimal): Decimal {
  const scale = Math.max(left.scale, right.scale);
  return { units: unitsAt(left, scale) + unitsAt(right, scale), scale };
}

/** Exact difference. */
export function subtractDecimal(left: Decimal, right: Decimal): Decimal {
  return addDecimal(left, { units: -right.units, scale: right.scale });
}

/** Negative, zero or positive, as `left` is less than, equal to or greater than `right`. */
export function compareDecimal(left: Decimal, right: Decimal): number {
  const scale = Math.max(left.scale, right.scale);
  const difference = unitsAt(left, scale) - unitsAt(right, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function unitsAt(value: Decimal, scale: number): bigint {
  return scale === value.scale ? value.units : value.units * 10n ** BigInt(scale - value.scale);
}
