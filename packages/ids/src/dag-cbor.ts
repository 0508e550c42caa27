import { CanonicalWalker } from './canonical-walker.js';
import { orderKeys } from './key-order.js';
import { isPyFloat } from './py-values.js';

const U64_MAXIMUM = 2n ** 64n - 1n;
const LONE_SURROGATE = /\p{Surrogate}/u;
const FLOAT_64 = 0xfb;

// Major types of CBOR (RFC 8949), shifted to their place.
const UNSIGNED = 0x00;
const NEGATIVE = 0x20;
const BYTES = 0x40;
const TEXT = 0x60;
const LIST = 0x80;
const MAP = 0xa0;

/**
 * Writes DAG-CBOR: shortest heads, 64-bit floats, text keys ordered by length and bytes.
 *
 * Source: function-descriptor section 4.2.
 */
export class DagCborWriter extends CanonicalWalker {
  protected readonly formatName = 'dag-cbor';
  readonly #float = Buffer.alloc(9);

  protected override root(value: unknown): void {
    this.#value(value, 0);
  }

  #value(value: unknown, depth: number): void {
    if (typeof value === 'string') this.#text(value, depth);
    else if (typeof value === 'number') this.#number(value, depth);
    else if (value === null) this.#byte(0xf6);
    else if (typeof value === 'object') this.#container(value, depth);
    else if (typeof value === 'boolean') this.#byte(value ? 0xf5 : 0xf4);
    else if (typeof value === 'bigint') this.#bigint(value, depth);
    else this.#other(value, depth);
  }

  #container(value: object, depth: number): void {
    if (Array.isArray(value)) this.#list(value, depth);
    else if (this.isPlain(value)) this.#map(value as Record<string, unknown>, depth);
    else if (value instanceof Uint8Array) this.#data(BYTES, value);
    else if (isPyFloat(value)) this.#double(value.value, depth);
    else this.#other(value, depth);
  }

  #list(items: readonly unknown[], depth: number): void {
    this.enter(items, depth);
    this.#head(LIST, items.length);
    for (let index = 0; index < items.length; index++) {
      this.path[depth] = index;
      this.#value(items[index], depth + 1);
    }
  }

  #map(value: Record<string, unknown>, depth: number): void {
    this.enter(value, depth);
    const names = orderKeys(this.memberNames(value), 'bytes-by-length');
    this.#head(MAP, names.length);
    for (const name of names) {
      this.path[depth] = name;
      this.#text(name, depth + 1);
      this.#value(value[name], depth + 1);
    }
  }

  #text(text: string, depth: number): void {
    if (LONE_SURROGATE.test(text)) throw this.loneSurrogate(depth);
    this.#data(TEXT, Buffer.from(text, 'utf8'));
  }

  #data(major: number, data: Uint8Array): void {
    this.#head(major, data.length);
    this.writeBytes(data);
  }

  #number(value: number, depth: number): void {
    if (!Number.isSafeInteger(value)) this.#double(value, depth);
    else if (value >= 0) this.#head(UNSIGNED, value);
    else this.#head(NEGATIVE, -1 - value);
  }

  #double(value: number, depth: number): void {
    if (!Number.isFinite(value)) throw this.nonFinite(value, depth);
    this.#float[0] = FLOAT_64;
    this.#float.writeDoubleBE(value, 1);
    this.writeBytes(this.#float);
  }

  #bigint(value: bigint, depth: number): void {
    const argument = value >= 0n ? value : -1n - value;
    if (argument > U64_MAXIMUM) throw this.integerRange(value, 'the 64-bit range', depth);
    this.#head(value >= 0n ? UNSIGNED : NEGATIVE, argument);
  }

  /** The major type and its argument in the shortest form. */
  #head(major: number, argument: number | bigint): void {
    if (argument < 24) {
      this.#byte(major | Number(argument));
      return;
    }
    const size = argument < 0x100 ? 1 : argument < 0x10000 ? 2 : argument < 0x100000000 ? 4 : 8;
    this.reserve(9);
    this.bytes[this.length++] = major | (24 + Math.log2(size));
    if (size === 8) this.bytes.writeBigUInt64BE(BigInt(argument), this.length);
    else this.bytes.writeUIntBE(Number(argument), this.length, size);
    this.length += size;
  }

  #other(value: unknown, depth: number): void {
    if (this.fallback === undefined || value === undefined) throw this.unsupported(value, depth);
    const text: unknown = this.fallback(value);
    if (typeof text !== 'string') throw this.unsupported(value, depth);
    this.#text(text, depth);
  }

  #byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.length++] = byte;
  }
}
