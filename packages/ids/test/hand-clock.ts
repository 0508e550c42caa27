import type { Clock, Timer } from '@engramkit/core';

/** The time that several owners share; it moves only when told to. */
export class HandTime {
  nowMs = 1_700_000_000_000;
  readonly timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  /** A clock of one owner, which may be ahead or behind. */
  clock(skewMs = 0): Clock {
    return {
      now: () => this.nowMs + skewMs,
      monotonic: () => this.nowMs,
      setTimer: (callback, delayMs): Timer => {
        const timer = { at: this.nowMs + delayMs, callback };
        this.timers.add(timer);
        const cancel = (): void => void this.timers.delete(timer);
        return { cancel, [Symbol.dispose]: cancel };
      },
    };
  }

  async advance(byMs: number): Promise<void> {
    const end = this.nowMs + byMs;
    for (;;) {
      await settled();
      const next = [...this.timers].sort((left, right) => left.at - right.at)[0];
      if (next === undefined || next.at > end) break;
      this.nowMs = Math.max(this.nowMs, next.at);
      this.timers.delete(next);
      next.callback();
    }
    this.nowMs = end;
    await settled();
  }
}

/** A clock with a time of its own. */
export class HandClock implements Clock {
  readonly #time = new HandTime();
  readonly #clock: Clock;

  constructor(skewMs = 0) {
    this.#clock = this.#time.clock(skewMs);
  }

  now = (): number => this.#clock.now();
  monotonic = (): number => this.#clock.monotonic();
  setTimer = (callback: () => void, delayMs: number): Timer =>
    this.#clock.setTimer(callback, delayMs);

  /** How many timers wait. */
  get pending(): number {
    return this.#time.timers.size;
  }

  advance(byMs: number): Promise<void> {
    return this.#time.advance(byMs);
  }
}

/** Lets everything run on that waits for no timer and no store. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 30; round++) await Promise.resolve();
}
