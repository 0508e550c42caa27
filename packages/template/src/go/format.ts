import { byteLength, compareText, isAscii, runeCount, toBytes } from './bytes.js';
import { formatFloat, printFloat } from './float.js';
import { canBackquote, isPrintable, quoteText, sortedKeys } from './quote.js';
import { GoInt, GoObject, isList, itemsOf, NIL_LIST, StringTable, typeName } from './values.js';

/** What stands between `%` and the verb. */
interface Flags {
  plus: boolean;
  minus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  sharpV: boolean;
  width: number | undefined;
  precision: number | undefined;
}

const NO_FLAGS: Readonly<Flags> = {
  plus: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  sharpV: false,
  width: undefined,
  precision: undefined,
};
/** Beyond this `fmt` refuses a width or precision. */
const LARGEST_NUMBER = 1_000_000;
const DEEPEST = 1_000;

/** What `fmt.Fprint` prints for one value (`%v`). */
export function printValue(value: unknown, depth = 0): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return printFloat(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value === null || value === undefined) return '<nil>';
  if (value instanceof GoInt) return value.value.toString();
  if (value instanceof GoObject) return value.toString();
  if (depth > DEEPEST) throw new RangeError('value nests too deeply to print');
  if (isList(value)) {
    let out = '[';
    const items = itemsOf(value);
    for (let at = 0; at < items.length; at += 1)
      out += (at === 0 ? '' : ' ') + printValue(items[at], depth + 1);
    return `${out}]`;
  }
  let out = '';
  for (const [key, entry] of entriesOf(value as object)) {
    out += `${out === '' ? '' : ' '}${key}:${printValue(entry, depth + 1)}`;
  }
  return `map[${out}]`;
}

/** The entries of a map in Go's print order. */
export function entriesOf(value: object): Array<readonly [string, unknown]> {
  if (value instanceof StringTable)
    return [...value.entries].sort((a, b) => compareText(a[0], b[0]));
  return sortedKeys(value).map(
    (key) => [key, (value as Readonly<Record<string, unknown>>)[key]] as const,
  );
}

/** `fmt.Sprint`: a space between operands of which neither is a string. */
export function sprint(values: readonly unknown[]): string {
  let out = '';
  let previousText = true;
  for (const [at, value] of values.entries()) {
    const text = typeof value === 'string';
    if (at > 0 && !text && !previousText) out += ' ';
    out += printValue(value);
    previousText = text;
  }
  return out;
}

/** `fmt.Sprintln`: spaces between all operands and a line feed. */
export function sprintln(values: readonly unknown[]): string {
  return `${values.map((value) => printValue(value)).join(' ')}\n`;
}

/** `fmt.Sprintf`. */
export function sprintf(format: string, values: readonly unknown[]): string {
  return new Printer(format, values).run();
}

class Printer {
  readonly #format: string;
  readonly #values: readonly unknown[];
  #at = 0;
  #next = 0;
  #reordered = false;
  #goodIndex = true;
  #afterIndex = false;

  constructor(format: string, values: readonly unknown[]) {
    this.#format = format;
    this.#values = values;
  }

  run(): string {
    const format = this.#format;
    let out = '';
    while (this.#at < format.length) {
      const percent = format.indexOf('%', this.#at);
      if (percent < 0) {
        out += format.slice(this.#at);
        break;
      }
      out += format.slice(this.#at, percent);
      this.#at = percent + 1;
      out += this.#directive();
    }
    if (!this.#reordered && this.#next < this.#values.length) {
      const extra = this.#values.slice(this.#next).map((value) => {
        return value === null || value === undefined
          ? '<nil>'
          : `${typeName(value)}=${printValue(value)}`;
      });
      out += `%!(EXTRA ${extra.join(', ')})`;
    }
    return out;
  }

  #directive(): string {
    const format = this.#format;
    const flags: Flags = { ...NO_FLAGS };
    this.#goodIndex = true;
    this.#afterIndex = false;
    this.#readFlags(flags);
    let out = '';
    this.#index();
    if (format[this.#at] === '*') {
      this.#at += 1;
      flags.width = this.#fromArgument();
      if (flags.width === undefined) out += '%!(BADWIDTH)';
      else if (flags.width < 0) {
        flags.width = -flags.width;
        flags.minus = true;
        flags.zero = false;
      }
      this.#afterIndex = false;
    } else {
      flags.width = this.#number();
      if (this.#afterIndex && flags.width !== undefined) this.#goodIndex = false;
    }
    if (format[this.#at] === '.' && this.#at + 1 < format.length) {
      this.#at += 1;
      if (this.#afterIndex) this.#goodIndex = false;
      this.#index();
      if (format[this.#at] === '*') {
        this.#at += 1;
        flags.precision = this.#fromArgument();
        if (flags.precision !== undefined && flags.precision < 0) flags.precision = undefined;
        if (flags.precision === undefined) out += '%!(BADPREC)';
        this.#afterIndex = false;
      } else flags.precision = this.#number() ?? 0;
    }
    if (!this.#afterIndex) this.#index();
    if (this.#at >= format.length) return `${out}%!(NOVERB)`;
    const verb = String.fromCodePoint(format.codePointAt(this.#at) ?? 0);
    this.#at += verb.length;
    if (verb === '%') return `${out}%`;
    if (!this.#goodIndex) return `${out}%!${verb}(BADINDEX)`;
    if (this.#next >= this.#values.length) return `${out}%!${verb}(MISSING)`;
    const value = this.#values[this.#next];
    this.#next += 1;
    if (verb === 'v') {
      flags.sharpV = flags.sharp;
      flags.sharp = false;
      flags.plus = false;
    }
    return out + formatArgument(value, verb, flags);
  }

  #readFlags(flags: Flags): void {
    for (; this.#at < this.#format.length; this.#at += 1) {
      const flag = this.#format[this.#at];
      if (flag === '#') flags.sharp = true;
      else if (flag === '0') flags.zero = true;
      else if (flag === '+') flags.plus = true;
      else if (flag === '-') flags.minus = true;
      else if (flag === ' ') flags.space = true;
      else return;
    }
  }

  #number(): number | undefined {
    const digits = /^\d*/.exec(this.#format.slice(this.#at, this.#at + 16))?.[0] ?? '';
    if (digits === '') return undefined;
    const value = Number(digits);
    this.#at = value > LARGEST_NUMBER * 10 + 9 ? this.#format.length : this.#at + digits.length;
    return value > LARGEST_NUMBER * 10 + 9 ? undefined : value;
  }

  #index(): void {
    const format = this.#format;
    if (format[this.#at] !== '[') {
      this.#afterIndex = false;
      return;
    }
    this.#reordered = true;
    const close = format.indexOf(']', this.#at);
    if (close < 0 || format.length - this.#at < 3) {
      this.#goodIndex = false;
      this.#at += 1;
      this.#afterIndex = false;
      return;
    }
    const inner = format.slice(this.#at + 1, close);
    this.#at = close + 1;
    const index = /^\d{1,7}$/.test(inner) ? Number(inner) - 1 : Number.NaN;
    if (index >= 0 && index < this.#values.length) {
      this.#next = index;
      this.#afterIndex = true;
      return;
    }
    this.#goodIndex = false;
    this.#afterIndex = !Number.isNaN(index);
  }

  #fromArgument(): number | undefined {
    if (this.#next >= this.#values.length) return undefined;
    const value = this.#values[this.#next];
    this.#next += 1;
    if (!(value instanceof GoInt)) return undefined;
    const number = Number(value.value);
    return Math.abs(number) > LARGEST_NUMBER ? undefined : number;
  }
}

function pad(text: string, flags: Readonly<Flags>, zero = flags.zero): string {
  const missing = (flags.width ?? 0) - runeCount(text);
  if (missing <= 0) return text;
  if (flags.minus) return text + ' '.repeat(missing);
  return (zero ? '0' : ' ').repeat(missing) + text;
}

function formatArgument(value: unknown, verb: string, flags: Flags): string {
  if (value === null || value === undefined) {
    return verb === 'v' || verb === 'T' ? pad('<nil>', flags) : `%!${verb}(<nil>)`;
  }
  if (verb === 'T') return formatText(typeName(value), 's', flags);
  if (verb === 'p') return badVerb(value, verb, flags);
  return formatValue(value, verb, flags, 0);
}

function badVerb(value: unknown, verb: string, flags: Flags): string {
  if (value === null || value === undefined) return `%!${verb}(<nil>)`;
  return `%!${verb}(${typeName(value)}=${formatValue(value, 'v', flags, 0)})`;
}

function formatValue(value: unknown, verb: string, flags: Flags, depth: number): string {
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

function truncated(text: string, flags: Readonly<Flags>): string {
  if (flags.precision === undefined) return text;
  return isAscii(text)
    ? text.slice(0, flags.precision)
    : [...text].slice(0, flags.precision).join('');
}

function formatText(text: string, verb: string, flags: Flags): string {
  if (verb === 's' || (verb === 'v' && !flags.sharpV)) return pad(truncated(text, flags), flags);
  if (verb === 'q' || verb === 'v') {
    const shown = truncated(text, flags);
    if (flags.sharp && canBackquote(shown)) return pad(`\`${shown}\``, flags);
    return pad(quoteText(shown, { ascii: flags.plus }), flags);
  }
  if (verb === 'x' || verb === 'X') return formatBytes(text, verb, flags);
  return badVerb(text, verb, flags);
}

function formatBytes(text: string, verb: string, flags: Readonly<Flags>): string {
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

function formatNumber(value: number, verb: string, flags: Flags): string {
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

function formatInteger(int: GoInt, verb: string, flags: Flags): string {
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

function unicodeText(value: bigint, flags: Readonly<Flags>): string {
  const code = BigInt.asUintN(64, value);
  const digits = code
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(4, flags.precision ?? 0), '0');
  const character = runeText(value);
  const shown = flags.sharp && code <= 0x10ffffn && isPrintable(character) ? ` '${character}'` : '';
  return pad(`U+${digits}${shown}`, flags, false);
}

function integerText(value: bigint, base: number, verb: string, flags: Readonly<Flags>): string {
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
