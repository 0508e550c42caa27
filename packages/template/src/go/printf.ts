import { printValue } from './format.js';
import { type FormatFlags, formatArgument, NO_FLAGS } from './format-argument.js';
import { GoInt, typeName } from './values.js';

/** Beyond this `fmt` refuses a width or precision. */
const LARGEST_NUMBER = 1_000_000;

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
    const flags: FormatFlags = { ...NO_FLAGS };
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

  #readFlags(flags: FormatFlags): void {
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
