import { Cron } from 'croner';
import { type Clock, durationToMs, parseDuration, type Random } from 'engramkit';

/** When something happens, again and again. */
export interface Schedule {
  /** The first moment after the given one; `undefined` when there is none. Milliseconds since 1970-01-01T00:00:00Z. */
  next(afterMs: number): number | undefined;
}

const EVERY = /^@every\s+(\S+)$/;

/**
 * Reads a cron expression of five fields, `@hourly` and its like, or `@every 90s`.
 *
 * Throws an `Error` that quotes the expression and says what is wrong.
 */
export function parseSchedule(expression: string, timezone: string): Schedule {
  const trimmed = expression.trim();
  const every = EVERY.exec(trimmed)?.[1];
  if (every !== undefined) {
    const intervalMs = durationToMs(parseDuration(every));
    if (intervalMs < 1_000) throw new Error(`"${trimmed}": the interval must be at least 1s`);
    return { next: (afterMs) => afterMs + intervalMs };
  }
  if (!trimmed.startsWith('@') && trimmed.split(/\s+/).length !== 5) {
    throw new Error(`"${trimmed}": five fields are needed: minute hour day month weekday`);
  }
  const cron = cronOf(trimmed, timezone);
  return { next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() };
}

function cronOf(expression: string, timezone: string): Cron {
  try {
    return new Cron(expression, { timezone, paused: true });
  } catch (error) {
    throw new Error(`"${expression}" in ${timezone}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** A delay from zero to the given duration. */
export function jitterMs(duration: string | undefined, random: Random): number {
  if (duration === undefined) return 0;
  return Math.floor(durationToMs(parseDuration(duration)) * random.float());
}

/** Resolves at the given wall-clock time, at once when it has passed; rejects when the signal aborts. */
export function waitUntil(timeMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = clock.setTimer(
      () => {
        signal.removeEventListener('abort', stop);
        resolve();
      },
      Math.max(0, timeMs - clock.now()),
    );
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
