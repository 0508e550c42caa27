/** Keeps the end of what was logged. */
export interface LogCapture {
  /** Takes a piece of log output; never throws and never waits. */
  write(piece: string): void;
  /** What was kept since the last call, in order; the capture is empty afterwards. */
  drain(): Uint8Array;
}

/** Source: bobrapet-batch section 10.1. */
const CAPACITY = 1_048_576;

/**
 * A ring that keeps the last bytes, by default 1,048,576.
 *
 * When older bytes were dropped, the result begins with the first whole line. Source: bobrapet-batch section 10.1.
 */
export function logCapture(capacity = CAPACITY): LogCapture {
  const ring = Buffer.alloc(capacity);
  let total = 0;
  return {
    write(piece) {
      const bytes = Buffer.from(piece);
      const kept = bytes.subarray(Math.max(0, bytes.length - capacity));
      const begin = (total + bytes.length - kept.length) % capacity;
      const first = kept.subarray(0, capacity - begin);
      ring.set(first, begin);
      ring.set(kept.subarray(first.length), 0);
      total += bytes.length;
    },
    drain() {
      const end = total % capacity;
      const dropped = total > capacity;
      const held = dropped
        ? Buffer.concat([ring.subarray(end), ring.subarray(0, end)])
        : Buffer.from(ring.subarray(0, total));
      total = 0;
      return dropped ? held.subarray(held.indexOf(10) + 1) : held;
    },
  };
}
