import type { Clock } from './clock.js';
import { CancelledError, DeadlineError, EngramkitError } from './error.js';

/** Options of {@link openDeadline}. */
export interface DeadlineOptions {
  readonly clock: Clock;
  /** Cancels as well; its reason is passed on when it is an `EngramkitError`, else it becomes the cause of a `CancelledError`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the deadline; without it there is none. Zero or less has passed already. */
  readonly timeoutMs?: number | undefined;
  /** What is waited for, for messages, such as `init of greet`. */
  readonly what: string;
}

/** A signal with an owner: it lives until it is disposed. */
export interface Deadline extends Disposable {
  /** Aborts with a `DeadlineError` or a `CancelledError`; after disposal it never changes. */
  readonly signal: AbortSignal;
  /** When the deadline is, in milliseconds since 1970-01-01T00:00:00Z; absent without one. */
  readonly deadlineMs?: number;
}

/**
 * Combines a surrounding signal and a time limit into one signal.
 *
 * Disposing it cancels the timer and leaves no listener behind: `using deadline = openDeadline({ … })`.
 */
export function openDeadline(options: DeadlineOptions): Deadline {
  const { clock, signal: outer, timeoutMs, what } = options;
  const controller = new AbortController();
  const deadlineMs = timeoutMs === undefined ? undefined : clock.now() + timeoutMs;
  const onAbort = (): void => {
    release();
    controller.abort(cancellation(outer?.reason, what));
  };
  const onDeadline = (): void => {
    release();
    controller.abort(
      new DeadlineError(`${what} did not end within ${timeoutMs} ms`, {
        hint: 'Give it more time, or make it do less.',
      }),
    );
  };
  const timer =
    timeoutMs === undefined || timeoutMs <= 0 ? undefined : clock.setTimer(onDeadline, timeoutMs);
  const release = (): void => {
    timer?.cancel();
    outer?.removeEventListener('abort', onAbort);
  };
  if (outer?.aborted === true) onAbort();
  else if (timeoutMs !== undefined && timeoutMs <= 0) onDeadline();
  else outer?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    [Symbol.dispose]: release,
  };
}

function cancellation(reason: unknown, what: string): EngramkitError {
  if (reason instanceof EngramkitError) return reason;
  return new CancelledError(`${what} was cancelled`, { cause: reason });
}
