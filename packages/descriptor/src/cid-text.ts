const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const LONGEST_TEXT = 512;

/**
 * Whether a text is a CID of version 1 in lower-case base32, of any codec and any multihash.
 *
 * Other packages make identifiers of code; which codec they chose is theirs. Source: function-descriptor section 4.2.
 */
export function isCidV1(text: string): boolean {
  if (text.length > LONGEST_TEXT || !text.startsWith('b')) return false;
  const bytes = base32(text.slice(1));
  if (bytes === undefined) return false;
  let at = 0;
  const next = (): number | undefined => {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = bytes[at];
      if (byte === undefined) return undefined;
      at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      // A number is written in as few bytes as it takes.
      if (byte < 0x80) return byte === 0 && shift > 0 ? undefined : value;
    }
    return undefined;
  };
  const version = next();
  const codec = next();
  const hashCode = next();
  const length = next();
  if (version !== 1 || codec === undefined || hashCode === undefined) return false;
  return length !== undefined && length > 0 && bytes.length - at === length;
}

function base32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let buffer = 0;
  let bits = 0;
  let at = 0;
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return undefined;
    buffer = ((buffer << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = (buffer >> bits) & 0xff;
    at += 1;
  }
  const padding = buffer & ((1 << bits) - 1);
  return bits < 5 && padding === 0 ? bytes : undefined;
}
