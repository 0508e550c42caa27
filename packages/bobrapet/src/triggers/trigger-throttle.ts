import { type Clock, sleep } from '@engramkit/core';
import type { TriggerSettings } from '../env/trigger-settings.js';

/** One permission to submit; disposing it gives the place back. */
export interface ThrottlePass extends Disposable {
  /** Whether the call had to wait. */
  readonly waited: boolean;
}

/**
 * Limits how many submissions run at once and how many begin per second; 0 means no limit.
 *
 * Source: bobrapet-batch sections 1.7 and 9.2 step 2.
 */
export class TriggerThrottle {
  readonly #rate: number;
  readonly #burst: number;
  readonly #places: number;
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;
  #tokens: number;
  #filledAt: number;

  constructor(
    settings: Pick<
      TriggerSettings,
      'throttleRatePerSecond' | 'throttleBurst' | 'throttleMaxInFlight'
    >,
    clock: Clock,
  ) {
    this.#rate = settings.throttleRatePerSecond;
    this.#burst = settings.throttleBurst > 0 ? settings.throttleBurst : this.#rate;
    this.#places = settings.throttleMaxInFlight;
    this.#clock = clock;
    this.#tokens = this.#burst;
    this.#filledAt = clock.monotonic();
  }

  /** Waits for a place, then for a token; an abort gives back what was taken. */
  async enter(signal?: AbortSignal): Promise<ThrottlePass> {
    signal?.throwIfAborted();
    const waitedForPlace = await this.#takePlace(signal);
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      this.#inFlight -= 1;
      this.#waiting.shift()?.();
    };
    try {
      const waitMs = this.#takeToken();
      if (waitMs > 0)
        await sleep(waitMs, { clock: this.#clock, ...(signal === undefined ? {} : { signal }) });
      return { waited: waitedForPlace || waitMs > 0, [Symbol.dispose]: leave };
    } catch (error) {
      this.#tokens += 1;
      leave();
      throw error;
    }
  }

  async #takePlace(signal: AbortSignal | undefined): Promise<boolean> {
    let waited = false;
    while (this.#places > 0 && this.#inFlight >= this.#places) {
      waited = true;
      await this.#turn(signal);
    }
    this.#inFlight += 1;
    return waited;
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        const index = this.#waiting.indexOf(go);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(signal?.reason);
      };
      const go = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(go);
    });
  }

  /** Takes a token, if need be one of the future, and yields how long until it is there. */
  #takeToken(): number {
    if (this.#rate <= 0) return 0;
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(
      this.#burst,
      this.#tokens + ((now - this.#filledAt) / 1_000) * this.#rate,
    );
    this.#filledAt = now;
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#rate) * 1_000;
  }
}
