import { quoteTimeText } from './quote.js';

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const LARGEST = (1n << 63n) - 1n;

/** A duration text in nanoseconds; `undefined` with the reason when it is none. Source: bobrapet-batch section 1.2. */
export function parseDuration(
  text: string,
): { readonly nanoseconds: bigint } | { readonly problem: string } {
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  let rest = text.slice(sign.length);
  if (rest === '0') return { nanoseconds: 0n };
  const quoted = quoteTimeText(text);
  if (rest === '' || rest.length > 1_000) return { problem: `time: invalid duration ${quoted}` };
  let total = 0n;
  while (rest !== '') {
    const match = /^(\d*)(?:(\.)(\d*))?/.exec(rest);
    const whole = match?.[1] ?? '';
    const fraction = match?.[3] ?? '';
    if (whole === '' && fraction === '') return { problem: `time: invalid duration ${quoted}` };
    rest = rest.slice(match?.[0].length ?? 0);
    const unit = /^[^\d.]*/.exec(rest)?.[0] ?? '';
    if (unit === '') return { problem: `time: missing unit in duration ${quoted}` };
    const scale = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
    if (scale === undefined)
      return { problem: `time: unknown unit ${quoteTimeText(unit)} in duration ${quoted}` };
    rest = rest.slice(unit.length);
    total += BigInt(whole === '' ? '0' : whole) * scale;
    if (fraction !== '') total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
    if (total > LARGEST + (sign === '-' ? 1n : 0n))
      return { problem: `time: invalid duration ${quoted}` };
  }
  return { nanoseconds: sign === '-' ? -total : total };
}

/** A duration as Go prints it. Source: bobrapet-batch section 1.2. */
export function printDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s';
  const sign = nanoseconds < 0n ? '-' : '';
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}µs`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`;
  const seconds = size / 1_000_000_000n;
  const minutes = seconds / 60n;
  const tail = `${decimal(size - minutes * 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return sign + tail;
  return minutes < 60n
    ? `${sign}${minutes}m${tail}`
    : `${sign}${minutes / 60n}h${minutes % 60n}m${tail}`;
}

function decimal(value: bigint, places: number): string {
  const scale = 10n ** BigInt(places);
  const fraction = (value % scale).toString().padStart(places, '0').replace(/0+$/, '');
  return fraction === '' ? (value / scale).toString() : `${value / scale}.${fraction}`;
}
