import { type Clock, type Random, sleep } from '@engramkit/core';
import { isRetryable, KubernetesError } from './kubernetes-error.js';

/** How often and how long something is tried. */
export interface RetryOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
  /** Tries after the first. */
  readonly maxRetries: number;
  /** Time for all tries together, in milliseconds. */
  readonly budgetMs: number;
  /** The first pause; each further one is twice as long. Default 100. */
  readonly baseDelayMs?: number | undefined;
  /** Default: what another try may cure, see `isRetryable`. */
  readonly retryable?: ((error: unknown) => boolean) | undefined;
}

/**
 * Tries a call to the API until it succeeds, fails for good, or the tries or the time are used up; then the last error is thrown.
 *
 * Pauses double from 100 ms, each times a random factor between 0.75 and 1.25, and are never shorter than the server asked for.
 * Source: bobrapet-batch section 3.1.
 */
export async function retryKubernetes<Value>(
  work: (attempt: number, signal: AbortSignal) => Promise<Value>,
  options: RetryOptions,
): Promise<Value> {
  const { clock, random, signal, maxRetries, budgetMs, baseDelayMs = 100 } = options;
  const retryable = options.retryable ?? isRetryable;
  const begin = clock.monotonic();
  const ended = new AbortController();
  const late = (cause?: unknown): KubernetesError =>
    new KubernetesError(`the API did not take the call within ${budgetMs} ms`, {
      status: 0,
      reason: 'OperationTimeout',
      effectUnknown: true,
      hint: 'Check the API server, or raise BUBU_K8S_OPERATION_TIMEOUT.',
      ...(cause === undefined ? {} : { cause }),
    });
  const timer = clock.setTimer(() => ended.abort(late()), budgetMs);
  const joint = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  try {
    for (let attempt = 0; ; attempt++) {
      joint.throwIfAborted();
      try {
        return await work(attempt, joint);
      } catch (error) {
        joint.throwIfAborted();
        if (attempt >= maxRetries || !retryable(error)) throw error;
        const asked = error instanceof KubernetesError ? (error.retryAfterMs ?? 0) : 0;
        const jitter = 0.75 + random.float() * 0.5;
        const delayMs = Math.max(asked, baseDelayMs * 2 ** Math.min(attempt, 16) * jitter);
        // Waiting beyond the budget helps nobody: the error is known now.
        if (clock.monotonic() - begin + delayMs >= budgetMs) throw error;
        await sleep(delayMs, { clock, signal: joint });
      }
    }
  } finally {
    timer.cancel();
  }
}
