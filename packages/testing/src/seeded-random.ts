import type { Random } from '@engramkit/core';

/**
 * Randomness that is the same in every run with the same seed: for tests only.
 *
 * UUIDs have the form of version 4. Different seeds give different sequences.
 */
export function seededRandom(seed: number | string = 0): Random {
  let state = hash(String(seed));
  // The splitmix32 generator: one addition and one mix per number, good enough to look random.
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  return {
    float: () => next() / 2 ** 32,
    uuid() {
      const digits = Array.from({ length: 4 }, () => next().toString(16).padStart(8, '0')).join('');
      const variant = ((Number.parseInt(digits.charAt(16), 16) & 0x3) | 0x8).toString(16);
      return [
        digits.slice(0, 8),
        digits.slice(8, 12),
        `4${digits.slice(13, 16)}`,
        `${variant}${digits.slice(17, 20)}`,
        digits.slice(20),
      ].join('-');
    },
  };
}

/** FNV-1a over UTF-16 code units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value | 0;
}
