/** Takes canonical bytes piece by piece; a piece is only valid during the call. The last one may be empty. */
export interface ByteSink {
  take(piece: Uint8Array, last: boolean): void;
}

/** How many bytes are written before they are handed to the sink. */
const CAPACITY = 64 * 1024;
/** How many UTF-16 units are written at once; each takes at most six bytes. */
const PIECE = 4096;

/**
 * A buffer that empties into a sink whenever it is full, so that documents of any size need little memory.
 *
 * Without a sink it collects everything. The fields are read and written directly by the writers above it: they are the hot path.
 */
export class ByteWriter {
  // Annotated: older compilers do not know the type arguments that newer ones infer here.
  protected bytes: Buffer = Buffer.allocUnsafeSlow(CAPACITY);
  protected length = 0;
  #sink: ByteSink | undefined;

  /** Begins a new document. */
  protected begin(sink: ByteSink): void {
    this.length = 0;
    this.#sink = sink;
  }

  /** Hands what is left to the sink. */
  protected end(): void {
    this.#sink?.take(this.bytes.subarray(0, this.length), true);
    this.length = 0;
    this.#sink = undefined;
  }

  /** Makes room for `count` bytes, at most what the buffer holds. */
  protected reserve(count: number): void {
    if (this.length + count > CAPACITY) this.#empty();
  }

  /** Writes text that is known to be ASCII. */
  protected writeAscii(text: string): void {
    for (let from = 0; from < text.length; from += PIECE) {
      const to = Math.min(from + PIECE, text.length);
      this.reserve(to - from);
      const bytes = this.bytes;
      let at = this.length;
      for (let index = from; index < to; index++) bytes[at++] = text.charCodeAt(index);
      this.length = at;
    }
  }

  /** Writes bytes as they are. */
  protected writeBytes(data: Uint8Array): void {
    for (let from = 0; from < data.length; from += CAPACITY) {
      const piece = data.subarray(from, from + CAPACITY);
      this.reserve(piece.length);
      this.bytes.set(piece, this.length);
      this.length += piece.length;
    }
  }

  /**
   * Writes a quoted JSON string.
   *
   * Returns whether all is well: `false` means that a lone surrogate was met where none may be.
   */
  protected writeQuoted(text: string, escapes: Uint8Array, asciiOnly: boolean): boolean {
    const length = text.length;
    this.reserve(Math.min(length, PIECE) * 6 + 2);
    this.bytes[this.length++] = 0x22;
    let from = 0;
    while (from < length) {
      let to = Math.min(from + PIECE, length);
      // A pair must not be torn apart at the end of a piece.
      if (to < length && (text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to--;
      this.reserve((to - from) * 6 + 1);
      if (!this.#writeUnits(text, from, to, escapes, asciiOnly)) return false;
      from = to;
    }
    this.bytes[this.length++] = 0x22;
    return true;
  }

  #writeUnits(
    text: string,
    from: number,
    to: number,
    escapes: Uint8Array,
    asciiOnly: boolean,
  ): boolean {
    const bytes = this.bytes;
    let at = this.length;
    if (to - from >= LONG) {
      const body = escapedBody(text.slice(from, to), asciiOnly);
      if (body !== undefined) {
        this.length = at + bytes.write(body, at, asciiOnly ? 'latin1' : 'utf8');
        return true;
      }
    }
    for (let index = from; index < to; index++) {
      const unit = text.charCodeAt(index);
      if (unit < 0x80) {
        const letter = escapes[unit]!;
        if (letter === 0) bytes[at++] = unit;
        else if (letter === 1) at = writeUnicodeEscape(bytes, at, unit);
        else {
          bytes[at++] = 0x5c;
          bytes[at++] = letter;
        }
      } else if (asciiOnly) {
        at = writeUnicodeEscape(bytes, at, unit);
      } else if (unit < 0x800) {
        bytes[at++] = 0xc0 | (unit >> 6);
        bytes[at++] = 0x80 | (unit & 0x3f);
      } else if ((unit & 0xf800) !== 0xd800) {
        bytes[at++] = 0xe0 | (unit >> 12);
        bytes[at++] = 0x80 | ((unit >> 6) & 0x3f);
        bytes[at++] = 0x80 | (unit & 0x3f);
      } else {
        const next = index + 1 < to ? text.charCodeAt(index + 1) : 0;
        if (unit >= 0xdc00 || (next & 0xfc00) !== 0xdc00) return false;
        const point = 0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff);
        bytes[at++] = 0xf0 | (point >> 18);
        bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
        bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
        bytes[at++] = 0x80 | (point & 0x3f);
        index++;
      }
    }
    this.length = at;
    return true;
  }

  #empty(): void {
    if (this.length > 0) this.#sink?.take(this.bytes.subarray(0, this.length), false);
    this.length = 0;
  }
}

/** From here on the engine's own escaping is faster than a loop; the call is too dear for shorter pieces. */
const LONG = 96;

/**
 * The piece as the engine escapes it, without quotes: right unless it has what the engine treats in another way, which are
 * characters beyond ASCII and DEL where only ASCII may be written, and lone surrogates everywhere. Then `undefined`.
 */
function escapedBody(piece: string, asciiOnly: boolean): string | undefined {
  const quoted = JSON.stringify(piece);
  const isRight = asciiOnly
    ? Buffer.byteLength(quoted) === quoted.length && !quoted.includes('\u007f')
    : !quoted.includes('\\ud');
  return isRight ? quoted.slice(1, -1) : undefined;
}

const HEX = Buffer.from('0123456789abcdef', 'latin1');

function writeUnicodeEscape(bytes: Uint8Array, start: number, unit: number): number {
  let at = start;
  bytes[at++] = 0x5c;
  bytes[at++] = 0x75;
  bytes[at++] = HEX[unit >> 12]!;
  bytes[at++] = HEX[(unit >> 8) & 15]!;
  bytes[at++] = HEX[(unit >> 4) & 15]!;
  bytes[at++] = HEX[unit & 15]!;
  return at;
}
