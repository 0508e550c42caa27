import { malformedPacket } from './malformed-packet.js';

/** Reads protocol buffers field by field; every read is checked against the end of the bytes. */
export class WireReader {
  readonly #buffer: Buffer;
  #at = 0;
  #tag = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether another field follows. */
  more(): boolean {
    return this.#at < this.#buffer.byteLength;
  }

  /** The tag of the next field: its number and its wire type. */
  tag(): number {
    this.#tag = this.varint();
    if (this.#tag < 8) throw malformedPacket('a field has the number 0');
    return this.#tag;
  }

  /** An unsigned integer; beyond 2^53 it is rounded. */
  varint(): number {
    const first = this.#buffer[this.#at];
    if (first !== undefined && first < 0x80) {
      this.#at += 1;
      return first;
    }
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count += 1) {
      const octet = this.#octet();
      value += (octet & 0x7f) * scale;
      if (octet < 0x80) return value;
      scale *= 0x80;
    }
    throw malformedPacket('an integer is too long');
  }

  /** An unsigned integer of 64 bits. */
  bigVarint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const octet = this.#octet();
      value |= BigInt(octet & 0x7f) << shift;
      if (octet < 0x80) return BigInt.asUintN(64, value);
    }
    throw malformedPacket('an integer is too long');
  }

  /** A signed integer of 32 bits: the low half counts. */
  int32(): number {
    return Number(BigInt.asIntN(32, this.bigVarint()));
  }

  double(): number {
    this.#need(8);
    const value = this.#buffer.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  /** A length-delimited field: a view, not a copy. */
  bytes(): Buffer {
    const length = this.varint();
    this.#need(length);
    const value = this.#buffer.subarray(this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  text(): string {
    const length = this.varint();
    this.#need(length);
    const start = this.#at;
    this.#at += length;
    const text = this.#buffer.toString('utf8', start, this.#at);
    // Invalid UTF-8 becomes replacement characters, which valid text has only when it says so itself.
    if (text.includes('\ufffd')) {
      const again = Buffer.from(text);
      if (again.compare(this.#buffer, start, this.#at) !== 0) {
        throw malformedPacket('a text is not valid UTF-8');
      }
    }
    return text;
  }

  /** Passes over the field whose tag was read last. */
  skip(): void {
    switch (this.#tag & 7) {
      case 0:
        this.bigVarint();
        return;
      case 1:
        this.#need(8);
        this.#at += 8;
        return;
      case 2:
        this.bytes();
        return;
      case 5:
        this.#need(4);
        this.#at += 4;
        return;
      default:
        throw malformedPacket(`a field has the wire type ${this.#tag & 7}`);
    }
  }

  #octet(): number {
    const octet = this.#buffer[this.#at];
    if (octet === undefined) throw malformedPacket('it ends in the middle of a field');
    this.#at += 1;
    return octet;
  }

  #need(count: number): void {
    if (count > this.#buffer.byteLength - this.#at) {
      throw malformedPacket('it ends in the middle of a field');
    }
  }
}
