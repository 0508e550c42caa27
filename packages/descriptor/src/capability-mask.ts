/**
 * Whether a mask of granted capabilities covers every bit of a required one.
 *
 * Masks are whole numbers up to 2^53 - 1; what a bit means is up to the surrounding system. Source: function-descriptor section
 * 1.1.
 */
export function coversCapabilities(granted: number, required: number): boolean {
  const need = BigInt(required);
  return (BigInt(granted) & need) === need;
}

/** The numbers of the bits of a mask, lowest first. */
export function capabilityBits(mask: number): readonly number[] {
  const bits: number[] = [];
  for (let bit = 0, rest = BigInt(mask); rest > 0n; bit += 1, rest >>= 1n) {
    if ((rest & 1n) === 1n) bits.push(bit);
  }
  return bits;
}
