import type { Clock } from '@engramkit/core';

/** Time that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Moves time and fires what is due, in order. */
  advance(ms: number): void;
  /** How many timers wait. */
  readonly pending: number;
}

export function manualClock(startMs = 1_700_000_000_000): ManualClock {
  let elapsed = 0;
  const timers = new Set<{ readonly at: number; readonly fire: () => void }>();
  return {
    now: () => startMs + elapsed,
    monotonic: () => elapsed,
    setTimer(callback, delayMs) {
      const timer = { at: elapsed + delayMs, fire: callback };
      timers.add(timer);
      const cancel = (): void => void timers.delete(timer);
      return { cancel, [Symbol.dispose]: cancel };
    },
    advance(ms) {
      const until = elapsed + ms;
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers.delete(due);
        elapsed = due.at;
        due.fire();
      }
      elapsed = until;
    },
    get pending() {
      return timers.size;
    },
  };
}
