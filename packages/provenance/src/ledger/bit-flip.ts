/** Beyond this many bytes, trying every bit would take too long. */
const LONGEST_REPAIR = 16 << 10;

/** Whether the byte differs from `wanted` in exactly one bit. */
export function isOneBitOff(byte: number | undefined, wanted: number): boolean {
  if (byte === undefined) return false;
  const difference = byte ^ wanted;
  return difference !== 0 && (difference & (difference - 1)) === 0;
}

/**
 * The position of the byte in which turning one bit satisfies `fits`; undefined when there is none.
 *
 * `fits` gets the text of the bytes with one bit turned. Lines above 16 KiB are not tried.
 */
export function repairOneBit(bytes: Buffer, fits: (text: string) => boolean): number | undefined {
  if (bytes.length > LONGEST_REPAIR) return undefined;
  const candidate = Buffer.from(bytes);
  for (let at = 0; at < bytes.length; at += 1) {
    const original = bytes[at] ?? 0;
    for (let bit = 0; bit < 8; bit += 1) {
      candidate[at] = original ^ (1 << bit);
      if (fits(candidate.toString('utf8'))) return at;
    }
    candidate[at] = original;
  }
  return undefined;
}
