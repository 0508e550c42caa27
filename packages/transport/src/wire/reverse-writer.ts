/**
 * Writes protocol buffers from the end to the beginning.
 *
 * A nested message is complete before its length is written, so that nothing is measured beforehand: one pass over the values.
 */
export class ReverseWriter {
  #buffer: Buffer;
  /** Everything from here to the end is written. */
  #at: number;

  constructor(capacity = 1_024) {
    this.#buffer = Buffer.allocUnsafe(capacity);
    this.#at = capacity;
  }

  /** How many bytes are written. */
  get length(): number {
    return this.#buffer.byteLength - this.#at;
  }

  /** What was written; the writer must not be used afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(this.#at);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#at -= 1;
    this.#buffer[this.#at] = value;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.byteLength);
    this.#at -= value.byteLength;
    this.#buffer.set(value, this.#at);
  }

  /** An unsigned integer up to 2^53. */
  varint(value: number): void {
    if (value < 0x80) {
      this.byte(value);
      return;
    }
    let length = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
    this.#reserve(length);
    this.#at -= length;
    let rest = value;
    let at = this.#at;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
      this.#buffer[at] = (rest % 0x80) | 0x80;
      at += 1;
    }
    this.#buffer[at] = rest;
  }

  /** An unsigned integer of 64 bits. */
  bigVarint(value: bigint): void {
    const octets: number[] = [];
    let rest = BigInt.asUintN(64, value);
    for (; rest >= 0x80n; rest >>= 7n) octets.push(Number(rest & 0x7fn) | 0x80);
    octets.push(Number(rest));
    this.bytes(Uint8Array.from(octets));
  }

  double(value: number): void {
    this.#reserve(8);
    this.#at -= 8;
    this.#buffer.writeDoubleLE(value, this.#at);
  }

  text(value: string): void {
    const { length } = value;
    // Short texts are mostly ASCII, and a loop beats the call into the platform for them.
    if (length <= 24) {
      this.#reserve(length);
      let index = length - 1;
      for (; index >= 0; index -= 1) {
        const unit = value.charCodeAt(index);
        if (unit >= 0x80) break;
        this.#buffer[this.#at - length + index] = unit;
      }
      if (index < 0) {
        this.#at -= length;
        return;
      }
    }
    const byteLength = Buffer.byteLength(value);
    this.#reserve(byteLength);
    this.#at -= byteLength;
    this.#buffer.write(value, this.#at, byteLength, 'utf8');
  }

  /** Ends a length-delimited field whose content begins at the present position and ended at `end`, a former `length`. */
  closeField(tag: number, end: number): void {
    this.varint(this.length - end);
    this.byte(tag);
  }

  textField(tag: number, value: string): void {
    const end = this.length;
    this.text(value);
    this.closeField(tag, end);
  }

  bytesField(tag: number, value: Uint8Array): void {
    this.bytes(value);
    this.varint(value.byteLength);
    this.byte(tag);
  }

  varintField(tag: number, value: number): void {
    this.varint(value);
    this.byte(tag);
  }

  #reserve(count: number): void {
    if (count <= this.#at) return;
    const written = this.length;
    const size = Math.max(this.#buffer.byteLength * 2, written + count + 256);
    const larger = Buffer.allocUnsafe(size);
    this.#buffer.copy(larger, size - written, this.#at);
    this.#buffer = larger;
    this.#at = size - written;
  }
}
