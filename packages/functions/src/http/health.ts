import type { Clock } from '@engramkit/core';
import type { RegisteredFunction } from '../function-registry.js';

/** Whether a function says that it can be called; one that throws or does not answer in time cannot. */
export function isHealthy(
  { plugin }: RegisteredFunction,
  clock: Clock,
  timeoutMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(() => resolve(false), timeoutMs);
    Promise.resolve()
      .then(() => plugin.healthCheck())
      .then(
        (healthy) => healthy === true,
        () => false, // Why is the function's affair; callers only need to know that it is not ready.
      )
      .then((healthy) => {
        timer.cancel();
        resolve(healthy);
      });
  });
}
