import { type Clock, sleep } from '@engramkit/core';

/** Lets requests through at a steady rate. */
export interface RequestPace {
  /** Resolves when the next request may go; rejects when the signal aborts. */
  next(signal: AbortSignal | undefined): Promise<void>;
}

/** 20 requests per second with bursts of 40. Source: bobrapet-batch section 1.6. */
export function requestPace(clock: Clock, perSecond = 20, burst = 40): RequestPace {
  /** When the bucket is full again; each request moves it by the time that its token takes. */
  let fullAt = clock.monotonic();
  const tokenMs = 1_000 / perSecond;
  return {
    async next(signal) {
      const now = clock.monotonic();
      fullAt = Math.max(fullAt, now) + tokenMs;
      const waitMs = fullAt - now - burst * tokenMs;
      if (waitMs > 0) await sleep(waitMs, signal === undefined ? { clock } : { clock, signal });
    },
  };
}
