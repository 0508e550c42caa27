import { byteLength, isAscii, runeCount, toBytes } from './bytes.js';
import { formatFloat } from './float.js';
import { entriesOf } from './format.js';
import { canBackquote, isPrintable, quoteText } from './quote.js';
import { GoInt, GoObject, isList, itemsOf, NIL_LIST, typeName } from './values.js';

/** What stands between `%` and the verb. */
export interface FormatFlags {
  plus: boolean;
  minus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  sharpV: boolean;
  width: number | undefined;
  precision: number | undefined;
}

/** No flag, width or precision. */
export const NO_FLAGS: Readonly<FormatFlags> = {
  plus: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  sharpV: false,
  width: undefined,
  precision: undefined,
};
const DEEPEST = 1_000;

function pad(text: string, flags: Readonly<FormatFlags>, zero = flags.zero): string {
  const missing = (flags.width ?? 0) - runeCount(text);
  if (missing <= 0) return text;
  if (flags.minus) return text + ' '.repeat(missing);
  return (zero ? '0' : ' ').repeat(missing) + text;
}

/** One argument by a verb and its flags. */
export function formatArgument(value: unknown, verb: string, flags: FormatFlags): string {
  if (value === null || value === undefined) {
    return verb === 'v' || verb === 'T' ? pad('<nil>', flags) : `%!${verb}(<nil>)`;
  }
  if (verb === 'T') return formatText(typeName(value), 's', flags);
  if (verb === 'p') return badVerb(value, verb, flags);
  return formatValue(value, verb, flags, 0);
}

function badVerb(value: unknown, verb: string, flags: FormatFlags): string {
  if (value === null || value === undefined) return `%!${verb}(<nil>)`;
  return `%!${verb}(${typeName(value)}=${formatValue(value, 'v', flags, 0)})`;
}

function formatValue(value: unknown, verb: string, flags: FormatFlags, depth: number): string {
  if (typeof value === 'string') return formatText(value, verb, flags);
  if (typeof value === 'number') return formatNumber(value, verb, flags);
  if (typeof value === 'boolean')
    return verb === 't' || verb === 'v' ? pad(String(value), flags) : badVerb(value, verb, flags);
  if (value === null || value === undefined) return flags.sharpV ? 'interface {}(nil)' : '<nil>';
  if (value instanceof GoInt) return formatInteger(value, verb, flags);
  if (depth > DEEPEST) throw new RangeError('value nests too deeply to print');
  if (value instanceof GoObject) {
    return 'vsxXq'.includes(verb)
      ? formatText(value.toString(), verb, { ...flags, sharpV: false })
      : badVerb(value, verb, flags);
  }
  const [open, close, gap] = flags.sharpV ? ['{', '}', ', '] : ['[', ']', ' '];
  if (isList(value)) {
    if (flags.sharpV && value === NIL_LIST) return `${typeName(value)}(nil)`;
    const items = itemsOf(value).map((item) => formatValue(item, verb, flags, depth + 1));
    return `${flags.sharpV ? typeName(value) : ''}${open}${items.join(gap)}${close}`;
  }
  const entries = entriesOf(value as object).map(
    ([key, entry]) =>
      `${formatText(key, verb, flags)}:${formatValue(entry, verb, flags, depth + 1)}`,
  );
  return `${flags.sharpV ? typeName(value) : 'map'}${open}${entries.join(gap)}${close}`;
}

function truncated(text: string, flags: Readonly<FormatFlags>): string {
  if (flags.precision === undefined) return text;
  return isAscii(text)
    ? text.slice(0, flags.precision)
    : [...text].slice(0, flags.precision).join('');
}

function formatText(text: string, verb: string, flags: FormatFlags): string {
  if (verb === 's' || (verb === 'v' && !flags.sharpV)) return pad(truncated(text, flags), flags);
  if (verb === 'q' || verb === 'v') {
    const shown = truncated(text, flags);
    if (flags.sharp && canBackquote(shown)) return pad(`\`${shown}\``, flags);
    return pad(quoteText(shown, { ascii: flags.plus }), flags);
  }
  if (verb === 'x' || verb === 'X') return formatBytes(text, verb, flags);
  return badVerb(text, verb, flags);
}

function formatBytes(text: string, verb: string, flags: Readonly<FormatFlags>): string {
  const length = Math.min(flags.precision ?? Number.POSITIVE_INFINITY, byteLength(text));
  const bytes = toBytes(text).subarray(0, length);
  if (bytes.length === 0) return pad('', flags);
  const prefix = flags.sharp ? `0${verb}` : '';
  const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  const cased = verb === 'X' ? pairs.map((pair) => pair.toUpperCase()) : pairs;
  return pad(
    flags.space ? cased.map((pair) => prefix + pair).join(' ') : prefix + cased.join(''),
    flags,
  );
}

function formatNumber(value: number, verb: string, flags: FormatFlags): string {
  const kind = verb === 'v' ? 'g' : verb === 'F' ? 'f' : verb;
  if (!'bgGxXfeE'.includes(kind)) return badVerb(value, verb, flags);
  const precision = flags.precision ?? ('feE'.includes(kind) ? 6 : -1);
  const raw = formatFloat(value, kind, precision);
  const signed = raw.startsWith('-') || raw.startsWith('+');
  let sign = signed ? raw.slice(0, 1) : '+';
  let digits = signed ? raw.slice(1) : raw;
  if (flags.space && sign === '+' && !flags.plus) sign = ' ';
  if (digits === 'Inf' || digits === 'NaN') {
    const shown = digits === 'NaN' && !flags.space && !flags.plus ? digits : sign + digits;
    return pad(
      shown.startsWith('+') && !flags.plus && digits === 'Inf' ? `+${digits}` : shown,
      flags,
      false,
    );
  }
  if (flags.sharp && kind !== 'b') digits = withPoint(digits, kind, precision);
  if (flags.plus || sign !== '+') {
    const text = sign + digits;
    if (flags.zero && !flags.minus && (flags.width ?? 0) > text.length)
      return sign + pad(digits, { ...flags, width: (flags.width ?? 0) - 1 });
    return pad(text, flags);
  }
  return pad(digits, flags);
}

/** `%#g` and friends: always a decimal point, trailing zeros kept. */
function withPoint(text: string, kind: string, precision: number): string {
  let wanted = 'gGx'.includes(kind) ? (precision === -1 ? 6 : precision) : 0;
  const tailAt = text.search(kind === 'x' || kind === 'X' ? /[pP]/ : /[eEpP]/);
  const tail = tailAt < 0 ? '' : text.slice(tailAt);
  let head = tailAt < 0 ? text : text.slice(0, tailAt);
  let seen = false;
  for (const character of head) {
    if (character === '.') continue;
    if (character !== '0') seen = true;
    if (seen) wanted -= 1;
  }
  if (!head.includes('.')) {
    if (head === '0') wanted -= 1;
    head += '.';
  }
  return head + '0'.repeat(Math.max(wanted, 0)) + tail;
}

function formatInteger(int: GoInt, verb: string, flags: FormatFlags): string {
  const unsigned = int.kind === 'uint8' || int.kind === 'uint64';
  switch (verb) {
    case 'v':
      return unsigned && flags.sharpV
        ? integerText(int.value, 16, 'x', { ...flags, sharp: true })
        : integerText(int.value, 10, verb, flags);
    case 'd':
      return integerText(int.value, 10, verb, flags);
    case 'b':
      return integerText(int.value, 2, verb, flags);
    case 'o':
    case 'O':
      return integerText(int.value, 8, verb, flags);
    case 'x':
    case 'X':
      return integerText(int.value, 16, verb, flags);
    case 'c':
      return pad(runeText(int.value), flags);
    case 'q':
      return pad(quoteText(runeText(int.value), { quote: "'", ascii: flags.plus }), flags);
    case 'U':
      return unicodeText(int.value, flags);
    default:
      return badVerb(int, verb, flags);
  }
}

function runeText(value: bigint): string {
  const valid = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn);
  return valid ? String.fromCodePoint(Number(value)) : '\ufffd';
}

function unicodeText(value: bigint, flags: Readonly<FormatFlags>): string {
  const code = BigInt.asUintN(64, value);
  const digits = code
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(4, flags.precision ?? 0), '0');
  const character = runeText(value);
  const shown = flags.sharp && code <= 0x10ffffn && isPrintable(character) ? ` '${character}'` : '';
  return pad(`U+${digits}${shown}`, flags, false);
}

function integerText(
  value: bigint,
  base: number,
  verb: string,
  flags: Readonly<FormatFlags>,
): string {
  const negative = value < 0n;
  if (flags.precision === 0 && value === 0n) return pad('', flags, false);
  let least = flags.precision ?? 0;
  if (flags.precision === undefined && flags.zero && !flags.minus && flags.width !== undefined) {
    least = flags.width - (negative || flags.plus || flags.space ? 1 : 0);
  }
  let digits = (negative ? -value : value).toString(base).padStart(least, '0');
  if (verb === 'X') digits = digits.toUpperCase();
  if (flags.sharp) {
    if (base === 2) digits = `0b${digits}`;
    else if (base === 8 && !digits.startsWith('0')) digits = `0${digits}`;
    else if (base === 16) digits = `0${verb === 'X' ? 'X' : 'x'}${digits}`;
  }
  if (verb === 'O') digits = `0o${digits}`;
  const sign = negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  return pad(sign + digits, flags, false);
}
