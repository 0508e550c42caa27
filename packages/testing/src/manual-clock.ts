import { type Clock, InvalidInputError, type Timer } from '@engramkit/core';

/** A clock that stands still until the test moves it. */
export interface ManualClock extends Clock {
  /** When the pending timers are due, in milliseconds since 1970-01-01T00:00:00Z, soonest first. */
  readonly pending: readonly number[];
  /**
   * Moves time forward and runs every timer that becomes due, in order of time and then of creation, also timers that these
   * set. Between timers, promises get time to settle.
   *
   * Rejects with what a timer's callback throws, and with `CLOCK_BACKWARDS` for a negative or infinite step.
   */
  advance(stepMs: number): Promise<void>;
  /** Like {@link advance}, to a point in time. */
  advanceTo(nowMs: number): Promise<void>;
}

interface PendingTimer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** How many links of promise chains settle between two timers. */
const SETTLED_LINKS = 100;

/** Makes a {@link ManualClock}; it starts at `nowMs`, default 0. */
export function manualClock(options: { readonly nowMs?: number } = {}): ManualClock {
  const startMs = options.nowMs ?? 0;
  let nowMs = startMs;
  // A set keeps the order of creation, and the earliest of equal timers is the first found.
  const timers = new Set<PendingTimer>();

  const advanceTo = async (targetMs: number): Promise<void> => {
    if (!Number.isFinite(targetMs) || targetMs < nowMs) {
      throw new InvalidInputError(`a clock at ${nowMs} cannot move to ${targetMs}`, {
        code: 'CLOCK_BACKWARDS',
        hint: 'Pass a finite number of milliseconds that lies ahead.',
      });
    }
    await settlePromises();
    for (;;) {
      const next = earliest(timers, targetMs);
      if (next === undefined) break;
      timers.delete(next);
      nowMs = Math.max(nowMs, next.dueMs);
      next.callback();
      await settlePromises();
    }
    nowMs = targetMs;
    await settlePromises();
  };

  return {
    now: () => nowMs,
    monotonic: () => nowMs - startMs,
    setTimer(callback, delayMs): Timer {
      const timer = { dueMs: nowMs + Math.max(0, delayMs), callback };
      timers.add(timer);
      const cancel = (): void => {
        timers.delete(timer);
      };
      return { cancel, [Symbol.dispose]: cancel };
    },
    get pending() {
      return [...timers].map(({ dueMs }) => dueMs).sort((left, right) => left - right);
    },
    advance: (stepMs) => advanceTo(nowMs + stepMs),
    advanceTo,
  };
}

function earliest(timers: Iterable<PendingTimer>, untilMs: number): PendingTimer | undefined {
  let found: PendingTimer | undefined;
  for (const timer of timers) {
    if (timer.dueMs <= untilMs && (found === undefined || timer.dueMs < found.dueMs)) found = timer;
  }
  return found;
}

async function settlePromises(): Promise<void> {
  for (let link = 0; link < SETTLED_LINKS; link++) await undefined;
}
