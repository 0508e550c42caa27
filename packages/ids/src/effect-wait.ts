import type { Clock } from '@engramkit/core';
import type { IdempotencyStore } from './idempotency-store.js';

/**
 * Resolves when the key may have changed: the store says so, or the pause is over. Rejects with the signal's reason.
 */
export function untilChanged(
  store: IdempotencyStore,
  key: string,
  revision: string | number,
  pauseMs: number,
  options: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { clock, signal } = options;
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      timer.cancel();
      unwatch?.();
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => finish(() => reject(signal?.reason));
    const timer = clock.setTimer(() => finish(resolve), pauseMs);
    const unwatch = store.watch?.(key, () => finish(resolve));
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) {
      onAbort();
      return;
    }
    // A write between the caller's reading and the watching would go unnoticed until the pause is over.
    if (unwatch !== undefined) {
      Promise.resolve()
        .then(() => store.get(key))
        .then(
          (current) => {
            if (current?.revision !== revision) finish(resolve);
          },
          () => {}, // The caller reads again after the pause and reports what fails then.
        );
    }
  });
}
