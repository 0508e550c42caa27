/** A handle of a pending timer; disposing it cancels the timer. */
export interface Timer extends Disposable {
  /** Cancels the timer; does nothing when it has fired or was cancelled. */
  cancel(): void;
}

/**
 * Time as a port: everything that waits or stamps takes one, so that tests drive it by hand.
 *
 * `@engramkit/testing` has a manual clock.
 */
export interface Clock {
  /** Wall clock, milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Monotonic milliseconds with fractions; only differences mean something. */
  monotonic(): number;
  /**
   * Calls `callback` once after `delayMs` milliseconds; delays beyond 24.8 days are honoured.
   *
   * `unref: true` lets the process end while the timer is pending.
   */
  setTimer(callback: () => void, delayMs: number, options?: { readonly unref?: boolean }): Timer;
}

/** The longest delay that the platform's timers take, in milliseconds; longer ones are chained. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, delayMs, options) {
    let handle: ReturnType<typeof setTimeout> | undefined;
    const arm = (remainingMs: number): void => {
      const step = Math.min(remainingMs, LONGEST_DELAY_MS);
      handle = setTimeout(() => {
        if (remainingMs > step) arm(remainingMs - step);
        else callback();
      }, step);
      if (options?.unref === true) handle.unref?.();
    };
    arm(Math.max(0, delayMs));
    const cancel = (): void => clearTimeout(handle);
    return { cancel, [Symbol.dispose]: cancel };
  },
};

/** Randomness as a port: identifiers and jitter come from here. */
export interface Random {
  /** A random UUID, version 4. */
  uuid(): string;
  /** A number from 0 (included) to 1 (excluded). */
  float(): number;
}

/** The randomness of the machine. */
export const systemRandom: Random = {
  uuid: () => globalThis.crypto.randomUUID(),
  float: () => Math.random(),
};

/**
 * Resolves after `delayMs` milliseconds, or rejects with the signal's reason as soon as it aborts.
 */
export function sleep(
  delayMs: number,
  options: { readonly clock?: Clock; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const { clock = systemClock, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
