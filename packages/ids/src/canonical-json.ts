import { CanonicalizationError, PyTypeError, PyValueError } from './canonical-error.js';
import { CanonicalWalker } from './canonical-walker.js';
import type { JsonDialect } from './json-dialect.js';
import { orderKeys } from './key-order.js';
import { orderedEntries } from './py-dict-order.js';
import { isPyFloat, type PyDict } from './py-values.js';
import { LONGEST_SHAPE_BYTES, type Shape, ShapeCache } from './shape-cache.js';

/** CPython refuses to print longer integers. Source: function-descriptor section 3.6. */
const LONGEST_INTEGER_DIGITS = 4300;
const I64_MINIMUM = -(2n ** 63n);
const U64_MAXIMUM = 2n ** 64n - 1n;

/** Writes canonical JSON in one dialect; used for one document at a time. */
export class CanonicalJsonWriter extends CanonicalWalker {
  protected readonly formatName: string;
  readonly #dialect: JsonDialect;
  readonly #escapes: Uint8Array;
  readonly #asciiOnly: boolean;
  readonly #isDagJson: boolean;
  readonly #shapes: ShapeCache | undefined;

  constructor(dialect: JsonDialect) {
    super();
    this.formatName = dialect.name;
    this.#dialect = dialect;
    this.#escapes = dialect.escapes;
    this.#asciiOnly = dialect.asciiOnly;
    this.#isDagJson = dialect.name === 'dag-json';
    this.#shapes = dialect.keyOrder === 'insertion' ? undefined : new ShapeCache(dialect.keyOrder);
  }

  protected override root(value: unknown): void {
    this.#value(value, 0);
  }

  #value(value: unknown, depth: number): void {
    if (typeof value === 'string') this.#string(value, depth);
    else if (typeof value === 'number') this.#number(value, depth);
    else if (typeof value === 'object' && value !== null) this.#container(value, depth);
    else if (value === null) this.writeAscii('null');
    else if (value === true) this.writeAscii('true');
    else if (value === false) this.writeAscii('false');
    else if (typeof value === 'bigint') this.#bigint(value, depth);
    else this.#other(value, depth);
  }

  #container(value: object, depth: number): void {
    if (Array.isArray(value)) this.#array(value, depth);
    else if (this.isPlain(value)) this.#object(value as Record<string, unknown>, depth);
    else this.#wrapped(value, depth);
  }

  #array(items: readonly unknown[], depth: number): void {
    this.enter(items, depth);
    this.#byte(0x5b);
    const path = this.path;
    for (let index = 0; index < items.length; index++) {
      if (index > 0) this.#byte(0x2c);
      path[depth] = index;
      this.#value(items[index], depth + 1);
    }
    this.#byte(0x5d);
  }

  #object(value: Record<string, unknown>, depth: number): void {
    this.enter(value, depth);
    const names = this.memberNames(value);
    if (names.length === 0) {
      this.writeAscii('{}');
      return;
    }
    if (this.#isDagJson && names.includes('/')) this.#refuseReserved(value, depth);
    const shape = this.#shapes?.find(names, depth);
    if (shape === undefined) {
      this.#members(value, orderKeys(names, this.#dialect.keyOrder), depth);
    } else if (!shape.seen) {
      shape.seen = true;
      this.#members(value, shape.ordered, depth);
    } else {
      if (shape.encoded === undefined) this.#encode(shape, depth);
      this.#shapedMembers(value, shape, depth);
    }
    this.#byte(0x7d);
  }

  #shapedMembers(value: Record<string, unknown>, shape: Shape, depth: number): void {
    const { ordered, ends } = shape;
    const encoded = shape.encoded!;
    const path = this.path;
    let from = 0;
    for (let index = 0; index < ordered.length; index++) {
      const to = ends[index]!;
      this.reserve(to - from);
      const bytes = this.bytes;
      let at = this.length;
      while (from < to) bytes[at++] = encoded[from++]!;
      this.length = at;
      const name = ordered[index]!;
      path[depth] = name;
      this.#value(value[name], depth + 1);
    }
  }

  /** Writes all names of a shape, with the braces, commas and colons between values, and keeps the bytes for next time. */
  #encode(shape: Shape, depth: number): void {
    this.reserve(LONGEST_SHAPE_BYTES);
    const start = this.length;
    shape.ordered.forEach((name, index) => {
      this.path[depth] = name;
      this.#byte(index === 0 ? 0x7b : 0x2c);
      this.#string(name, depth + 1);
      this.#byte(0x3a);
      shape.ends[index] = this.length - start;
    });
    shape.encoded = Uint8Array.prototype.slice.call(this.bytes, start, this.length);
    this.length = start;
  }

  #members(value: Record<string, unknown>, ordered: readonly string[], depth: number): void {
    for (let index = 0; index < ordered.length; index++) {
      const name = ordered[index]!;
      this.path[depth] = name;
      this.#byte(index === 0 ? 0x7b : 0x2c);
      this.#string(name, depth + 1);
      this.#byte(0x3a);
      this.#value(value[name], depth + 1);
    }
  }

  #wrapped(value: object, depth: number): void {
    const wrapper = this.wrapperOf(value);
    if (wrapper === undefined) this.#other(value, depth);
    else if (isPyFloat(wrapper)) this.#float(wrapper.value, depth);
    else this.#dict(wrapper, depth);
  }

  #dict(dict: PyDict, depth: number): void {
    this.enter(dict, depth);
    const isPython = this.#dialect.name === 'python';
    const fail = (kind: string): CanonicalizationError => this.keyType(kind, depth);
    const uncomparable = (message: string): CanonicalizationError =>
      new PyTypeError(message, this.path.slice(0, depth), {
        code: 'CANONICAL_KEY_TYPE',
        hint: 'Use keys of one kind; strings are best.',
      });
    const entries = orderedEntries(dict, this.#dialect.keyOrder, isPython, { fail, uncomparable });
    this.#byte(0x7b);
    entries.forEach(([name, member], index) => {
      if (index > 0) this.#byte(0x2c);
      this.path[depth] = name;
      this.#string(name, depth + 1);
      this.#byte(0x3a);
      this.#value(member, depth + 1);
    });
    this.#byte(0x7d);
  }

  #string(text: string, depth: number): void {
    if (!this.writeQuoted(text, this.#escapes, this.#asciiOnly)) throw this.loneSurrogate(depth);
  }

  #number(value: number, depth: number): void {
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) this.#smallInteger(value);
    else if (Number.isSafeInteger(value) && value !== 0) this.writeAscii(String(value));
    else if (Number.isFinite(value)) this.writeAscii(this.#dialect.numberText(value));
    else this.#nonFiniteNumber(value, depth);
  }

  #float(value: number, depth: number): void {
    if (Number.isFinite(value)) this.writeAscii(this.#dialect.floatText(value));
    else this.#nonFiniteNumber(value, depth);
  }

  #nonFiniteNumber(value: number, depth: number): void {
    const { nonFinite } = this.#dialect;
    if (nonFinite === 'refuse') throw this.nonFinite(value, depth);
    this.writeAscii(nonFinite === 'null' ? 'null' : this.#dialect.numberText(value));
  }

  #smallInteger(value: number): void {
    this.reserve(11);
    const bytes = this.bytes;
    let rest = value;
    if (value < 0) {
      bytes[this.length++] = 0x2d;
      rest = -value;
    }
    let end = this.length + 1;
    for (let limit = 10; limit <= rest; limit *= 10) end++;
    this.length = end;
    do {
      const tenth = (rest / 10) | 0;
      bytes[--end] = 0x30 + (rest - tenth * 10);
      rest = tenth;
    } while (rest > 0);
  }

  #bigint(value: bigint, depth: number): void {
    const { integers } = this.#dialect;
    if (integers === 'safe') {
      const number = Number(value);
      if (!Number.isSafeInteger(number)) {
        throw this.integerRange(value, 'the safe range', depth);
      }
    } else if (integers === '64-bit' && (value < I64_MINIMUM || value > U64_MAXIMUM)) {
      throw this.integerRange(value, 'the 64-bit range', depth);
    }
    const text = value.toString();
    if (text.length - (value < 0n ? 1 : 0) > LONGEST_INTEGER_DIGITS) {
      throw new PyValueError(
        `Exceeds the limit (${LONGEST_INTEGER_DIGITS} digits) for integer string conversion; ` +
          'use sys.set_int_max_str_digits() to increase the limit',
        this.path.slice(0, depth),
        { code: 'CANONICAL_INTEGER_RANGE', hint: 'Write the integer as a string.' },
      );
    }
    this.writeAscii(text);
  }

  #other(value: unknown, depth: number): void {
    if (this.#isDagJson && value instanceof Uint8Array) {
      const base64 = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
        .toString('base64')
        .replace(/=+$/, '');
      this.writeAscii(`{"/":{"bytes":"${base64}"}}`);
    } else if (this.fallback !== undefined && value !== undefined) {
      const text: unknown = this.fallback(value);
      if (typeof text !== 'string') throw this.unsupported(value, depth);
      this.#string(text, depth);
    } else {
      throw this.unsupported(value, depth);
    }
  }

  /** `{"/": …}` means a link or bytes in DAG-JSON; a plain object of that form would read back as one. */
  #refuseReserved(value: Record<string, unknown>, depth: number): void {
    const inner = value['/'];
    const isBytes = typeof inner === 'object' && inner !== null && Object.hasOwn(inner, 'bytes');
    if (typeof inner !== 'string' && !isBytes) return;
    throw new CanonicalizationError(
      'an object with a member "/" of this form means a link or bytes in dag-json',
      this.path.slice(0, depth),
      {
        code: 'CANONICAL_RESERVED_FORM',
        hint: 'Use another member name, or pass bytes as a Uint8Array.',
      },
    );
  }

  #byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.length++] = byte;
  }
}
