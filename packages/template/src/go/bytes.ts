/**
 * Go strings are bytes, JavaScript strings are UTF-16. A byte that is not part of valid UTF-8 (it appears when a function cuts
 * inside a character) is kept as a lone surrogate U+DC80 to U+DCFF, so that lengths stay exact and halves can be joined again;
 * `wellFormed` turns what is left over into U+FFFD, one per byte, as Go's JSON encoder does.
 */
const STRAY = 0xdc00;
const NON_ASCII = /[\u0080-\uffff]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether every character takes one byte. */
export function isAscii(text: string): boolean {
  return !NON_ASCII.test(text);
}

/** The length in UTF-8 bytes. */
export function byteLength(text: string): number {
  if (isAscii(text)) return text.length;
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (isPair(text, at)) {
      bytes += 4;
      at += 1;
    } else bytes += isStray(unit) ? 1 : 3;
  }
  return bytes;
}

/** The bytes of the text. */
export function toBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(byteLength(text));
  let to = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) bytes[to++] = unit;
    else if (unit < 0x800) {
      bytes[to++] = 0xc0 | (unit >> 6);
      bytes[to++] = 0x80 | (unit & 0x3f);
    } else if (isPair(text, at)) {
      const code = text.codePointAt(at) ?? 0;
      at += 1;
      bytes[to++] = 0xf0 | (code >> 18);
      bytes[to++] = 0x80 | ((code >> 12) & 0x3f);
      bytes[to++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[to++] = 0x80 | (code & 0x3f);
    } else if (isStray(unit)) bytes[to++] = unit - STRAY;
    else {
      const code = isSurrogate(unit) ? 0xfffd : unit;
      bytes[to++] = 0xe0 | (code >> 12);
      bytes[to++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[to++] = 0x80 | (code & 0x3f);
    }
  }
  return bytes;
}

/** The text of bytes; bytes that are not UTF-8 stay as stray bytes. */
export function fromBytes(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const size = sequenceSize(bytes, at);
    const first = bytes[at] ?? 0;
    if (size === 0) {
      text += String.fromCharCode(STRAY + first);
      at += 1;
      continue;
    }
    let code = size === 1 ? first : first & (0xff >> (size + 1));
    for (let next = 1; next < size; next += 1)
      code = (code << 6) | ((bytes[at + next] ?? 0) & 0x3f);
    text += String.fromCodePoint(code);
    at += size;
  }
  return text;
}

/** `text[start:end]` in bytes; the caller has checked the bounds. */
export function sliceBytes(text: string, start: number, end: number): string {
  if (isAscii(text)) return text.slice(start, end);
  return fromBytes(toBytes(text).subarray(start, end));
}

/** The text with stray bytes that stand side by side joined to the characters that they form. */
export function joinStrayBytes(text: string): string {
  return LONE_SURROGATE.test(text) ? fromBytes(toBytes(text)) : text;
}

/** The text as valid Unicode: stray bytes that do not form a character become U+FFFD. */
export function wellFormed(text: string): string {
  const joined = joinStrayBytes(text);
  return LONE_SURROGATE.test(joined) ? joined.replace(/\p{Surrogate}/gu, '\ufffd') : joined;
}

/** Orders texts as Go does: by bytes, which is by code point. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a === b) continue;
    // UTF-16 order differs from code point order only where a surrogate meets a unit above the surrogates.
    const highA = isSurrogate(a) ? a + 0x10000 : a;
    const highB = isSurrogate(b) ? b + 0x10000 : b;
    return highA < highB ? -1 : 1;
  }
  return left.length < right.length ? -1 : 1;
}

/** The number of characters as Go counts runes. */
export function runeCount(text: string): number {
  let count = text.length;
  if (isAscii(text)) return count;
  for (let at = 0; at < text.length; at += 1) {
    if (isPair(text, at)) {
      count -= 1;
      at += 1;
    }
  }
  return count;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function isStray(unit: number): boolean {
  return unit >= 0xdc80 && unit <= 0xdcff;
}

function isPair(text: string, at: number): boolean {
  const high = text.charCodeAt(at);
  const low = text.charCodeAt(at + 1);
  return high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
}

/** How many bytes the character at `at` takes, 0 when it is not valid UTF-8. */
function sequenceSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const size =
    first >= 0xc2 && first <= 0xdf
      ? 2
      : (first & 0xf0) === 0xe0
        ? 3
        : first >= 0xf0 && first <= 0xf4
          ? 4
          : 0;
  if (size === 0 || at + size > bytes.length) return 0;
  for (let next = 1; next < size; next += 1)
    if (((bytes[at + next] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1] ?? 0;
  if (first === 0xe0 && second < 0xa0) return 0;
  if (first === 0xed && second > 0x9f) return 0;
  if (first === 0xf0 && second < 0x90) return 0;
  if (first === 0xf4 && second > 0x8f) return 0;
  return size;
}
