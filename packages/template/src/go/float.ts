/** A finite number as decimal digits: `0.d1d2d3… * 10^point`. */
interface Digits {
  readonly digits: string;
  readonly point: number;
}

const LAYOUT = new DataView(new ArrayBuffer(8));

/** Sign, 53-bit significand and binary exponent of a finite number: `significand * 2^exponent`. */
function partsOf(value: number): { readonly significand: bigint; readonly exponent: number } {
  LAYOUT.setFloat64(0, Math.abs(value));
  const bits = LAYOUT.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  return biased === 0
    ? { significand: fraction, exponent: -1074 }
    : { significand: fraction | 0x10000000000000n, exponent: biased - 1075 };
}

function shortest(value: number): Digits {
  if (value === 0) return { digits: '', point: 0 };
  const [mantissa = '', exponent = '0'] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '').replace(/0+$/, '');
  return { digits, point: Number(exponent) + 1 };
}

/** The exact decimal digits; every finite double has finitely many. */
function exact(value: number): Digits {
  const { significand, exponent } = partsOf(value);
  if (significand === 0n) return { digits: '', point: 0 };
  if (exponent >= 0) {
    const digits = (significand << BigInt(exponent)).toString();
    return { digits: digits.replace(/0+$/, ''), point: digits.length };
  }
  const digits = (significand * 5n ** BigInt(-exponent)).toString();
  return { digits: digits.replace(/0+$/, ''), point: digits.length + exponent };
}

/** Rounds to `count` digits, halves to even, as `strconv` does on exact digits. */
function roundTo(from: Digits, count: number): Digits {
  const { digits, point } = from;
  if (count >= digits.length) return from;
  if (count < 0) return { digits: '', point };
  const rest = digits.slice(count);
  const next = rest.charCodeAt(0) - 48;
  const last = count === 0 ? 0 : digits.charCodeAt(count - 1) - 48;
  const half = next === 5 && /^0*$/.test(rest.slice(1));
  const up = half ? count > 0 && last % 2 === 1 : next >= 5;
  const kept = digits.slice(0, count);
  if (!up) return { digits: kept.replace(/0+$/, ''), point };
  const raised = (BigInt(kept === '' ? '0' : kept) + 1n).toString().padStart(count, '0');
  const grown = raised.length > count;
  return { digits: raised.replace(/0+$/, ''), point: grown ? point + 1 : point };
}

function digitAt(from: Digits, at: number): string {
  return at >= 0 && at < from.digits.length ? (from.digits[at] ?? '0') : '0';
}

function plain(from: Digits, precision: number): string {
  let out = from.point > 0 ? '' : '0';
  for (let at = 0; at < from.point; at += 1) out += digitAt(from, at);
  if (precision > 0) {
    out += '.';
    for (let at = 0; at < precision; at += 1) out += digitAt(from, from.point + at);
  }
  return out;
}

function scientific(from: Digits, precision: number, letter: string): string {
  let out = digitAt(from, 0);
  if (precision > 0) {
    out += '.';
    for (let at = 1; at <= precision; at += 1) out += digitAt(from, at);
  }
  const exponent = from.digits === '' ? 0 : from.point - 1;
  return `${out}${letter}${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function hexadecimal(value: number, precision: number, upper: boolean): string {
  let { significand, exponent } = partsOf(value);
  if (significand === 0n) exponent = 0;
  else {
    while (significand < 1n << 52n) {
      significand <<= 1n;
      exponent -= 1;
    }
    exponent += 52;
  }
  // The significand is now 1.xxxxx with 52 fraction bits.
  if (precision >= 0 && precision < 13) {
    const dropped = BigInt(52 - precision * 4);
    const half = 1n << (dropped - 1n);
    const rest = significand & ((1n << dropped) - 1n);
    significand >>= dropped;
    if (rest > half || (rest === half && (significand & 1n) === 1n)) significand += 1n;
    significand <<= dropped;
    if (significand >= 1n << 53n) {
      significand >>= 1n;
      exponent += 1;
    }
  }
  const fraction = (significand & ((1n << 52n) - 1n)).toString(16).padStart(13, '0');
  const shown =
    precision < 0
      ? fraction.replace(/0+$/, '')
      : fraction.slice(0, precision).padEnd(precision, '0');
  const out = `0x${(significand >> 52n).toString()}${shown === '' ? '' : `.${shown}`}p${exponent < 0 ? '-' : '+'}${String(
    Math.abs(exponent),
  ).padStart(2, '0')}`;
  return upper ? out.toUpperCase() : out;
}

/** `strconv.FormatFloat(value, verb, precision, 64)`; precision -1 means the shortest text that reads back the same. */
export function formatFloat(value: number, verb: string, precision: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return sign + magnitude(value, verb, precision);
}

function magnitude(value: number, verb: string, precision: number): string {
  switch (verb) {
    case 'b': {
      const { significand, exponent } = partsOf(value);
      return `${significand}p${exponent < 0 ? '' : '+'}${exponent}`;
    }
    case 'x':
    case 'X':
      return hexadecimal(value, precision, verb === 'X');
    case 'e':
    case 'E': {
      if (precision >= 0) return scientific(roundTo(exact(value), precision + 1), precision, verb);
      const digits = shortest(value);
      return scientific(digits, Math.max(digits.digits.length - 1, 0), verb);
    }
    case 'f': {
      if (precision < 0) {
        const digits = shortest(value);
        return plain(digits, Math.max(digits.digits.length - digits.point, 0));
      }
      const digits = exact(value);
      return plain(roundTo(digits, digits.point + precision), precision);
    }
    default:
      return general(value, verb, precision);
  }
}

function general(value: number, verb: string, precision: number): string {
  const isShortest = precision < 0;
  const wanted = precision === 0 ? 1 : precision;
  const digits = isShortest ? shortest(value) : roundTo(exact(value), wanted);
  const count = digits.digits.length;
  let limit = wanted;
  if (limit > count && count >= digits.point) limit = count;
  if (isShortest) limit = 6;
  const exponent = digits.digits === '' ? -1 : digits.point - 1;
  if (exponent < -4 || exponent >= limit) {
    // A precision beyond the digits there are only adds zeros, which %g does not print.
    const shown = isShortest || wanted > count ? count : wanted;
    return scientific(digits, Math.max(shown - 1, 0), verb === 'G' ? 'E' : 'e');
  }
  return plain(digits, Math.max(count - digits.point, 0));
}

/** A float64 as `%v` prints it. */
export function printFloat(value: number): string {
  // Whole numbers below a million are the common case and print alike in both languages.
  if (Number.isInteger(value) && value > -1e6 && value < 1e6 && !Object.is(value, -0))
    return String(value);
  return formatFloat(value, 'g', -1);
}

/** `value * 2^exponent` with one rounding, also where the power alone would be zero or infinite. */
function scaled(value: number, exponent: number): number {
  let rest = Math.max(Math.min(exponent, 10_000), -10_000);
  let result = value;
  for (; rest < -500; rest += 500) result *= 2 ** -500;
  for (; rest > 500; rest -= 500) result *= 2 ** 500;
  return result * 2 ** rest;
}

const LONGEST_FLOAT = 2_000;

/** Underscores may stand between digits and after a base prefix; elsewhere they make the text invalid. */
function withoutSeparators(text: string): string {
  const between = /^[+-]?0[xX]/.test(text)
    ? /(?<=[0-9a-fA-F]|0[xX])_(?=[0-9a-fA-F])/g
    : /(?<=\d)_(?=\d)/g;
  return text.replaceAll(between, '');
}

/** `strconv.ParseFloat(text, 64)`; `undefined` for what it refuses. */
export function parseFloatText(given: string): number | undefined {
  if (given.length > LONGEST_FLOAT) return undefined;
  const text = given.includes('_') ? withoutSeparators(given) : given;
  const named = /^[+-]?(?:inf|infinity)$/i.test(text);
  if (named) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  const hex = /^([+-]?)0[xX]([0-9a-fA-F_]*)(?:\.([0-9a-fA-F_]*))?[pP]([+-]?\d+)$/.exec(text);
  if (hex !== null) {
    const whole = (hex[2] ?? '').replaceAll('_', '');
    const fraction = (hex[3] ?? '').replaceAll('_', '');
    if (whole === '' && fraction === '') return undefined;
    const scale = Number(hex[4]) - fraction.length * 4;
    const value = scaled(Number(BigInt(`0x${whole}${fraction}`)), scale);
    if (!Number.isFinite(value)) return undefined;
    return hex[1] === '-' ? -value : value;
  }
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** `int64(value)` as amd64 converts it: out of range and NaN give the smallest integer. */
export function truncateToInt64(value: number): bigint {
  if (!(value >= -(2 ** 63) && value < 2 ** 63)) return -(1n << 63n);
  return BigInt(Math.trunc(value));
}

/** `strconv.ParseInt(text, base, 64)`: base 0 reads prefixes and underscores; `undefined` for what it refuses. */
export function parseIntText(text: string, base: 0 | 8 | 10): bigint | undefined {
  const match = /^([+-]?)(.+)$/s.exec(text);
  if (match === null) return undefined;
  const digits = unsignedText(match[2] ?? '', base);
  if (digits === undefined) return undefined;
  const value = match[1] === '-' ? -digits : digits;
  return value < -(1n << 63n) || value >= 1n << 63n ? undefined : value;
}

/** `strconv.ParseUint(text, 0, 64)` without the range check. */
export function unsignedText(text: string, base: 0 | 8 | 10): bigint | undefined {
  // 64 binary digits with a separator each are the longest literal that fits.
  if (text.length > 200) return undefined;
  if (base === 10) return /^\d+$/.test(text) ? BigInt(text) : undefined;
  if (base === 8) return /^[0-7]+$/.test(text) ? BigInt(`0o${text}`) : undefined;
  if (
    /^0[xX](?:_?[0-9a-fA-F])+$/.test(text) ||
    /^0[bB](?:_?[01])+$/.test(text) ||
    /^0[oO](?:_?[0-7])+$/.test(text)
  ) {
    return BigInt(text.replaceAll('_', '').toLowerCase());
  }
  if (/^0(?:_?[0-7])+$/.test(text)) return BigInt(`0o${text.slice(1).replaceAll('_', '')}`);
  if (text === '0' || /^[1-9](?:_?\d)*$/.test(text)) return BigInt(text.replaceAll('_', ''));
  return undefined;
}
