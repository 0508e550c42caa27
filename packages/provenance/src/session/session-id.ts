import type { Random } from '@engramkit/core';

/** How session ids look: `ulid` has 26 characters and sorts by time, `short8` has 8 hex digits as the Python package makes them. */
export type SessionIdFormat = 'ulid' | 'short8';

const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A new id; with `short8` the caller must make sure that it is free. Source: provenance section 1.3. */
export function newSessionId(format: SessionIdFormat, timeMs: number, random: Random): string {
  const uuid = random.uuid().replaceAll('-', '');
  if (format === 'short8') return uuid.slice(0, 8);
  // 48 bits of time, then 80 random bits: the first 12 and the last 15 hex digits of a version 4 UUID hold 108.
  const randomHex = uuid.slice(0, 12) + uuid.slice(17, 25);
  let value = (BigInt(Math.floor(timeMs)) << 80n) | BigInt(`0x${randomHex}`);
  let text = '';
  for (let digit = 0; digit < 26; digit += 1) {
    text = (BASE32[Number(value & 31n)] ?? '0') + text;
    value >>= 5n;
  }
  return text;
}
