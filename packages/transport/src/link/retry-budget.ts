import { type Clock, describeThrown, type Random } from '@engramkit/core';
import type { TransportSettings } from './settings.js';
import { TransportError } from './transport-error.js';

/**
 * How often and how fast to try again. Source: bobrapet-streaming section 5.8.
 *
 * It is filled again when a session that did its work was lost: a connector that is restarted now and then is no reason to give
 * up, one whose messages are refused over and over is.
 */
export class RetryBudget {
  readonly #settings: TransportSettings;
  readonly #random: Random;
  #spent = 0;
  #backoffMs: number;

  constructor(options: {
    readonly settings: TransportSettings;
    readonly clock: Clock;
    readonly random: Random;
  }) {
    this.#settings = options.settings;
    this.#random = options.random;
    this.#backoffMs = options.settings.baseBackoffMs;
  }

  /** Milliseconds until the next try; throws `RETRIES_EXHAUSTED`, or the error itself when no try is allowed at all. */
  spend(error: unknown): number {
    const { maxRetries, maxBackoffMs } = this.#settings;
    if (maxRetries === 0) throw error;
    if (maxRetries > 0 && this.#spent >= maxRetries) {
      throw new TransportError(`transport connector retries exhausted: ${describeThrown(error)}`, {
        code: 'RETRIES_EXHAUSTED',
        hint: 'Look at the last error; BUBU_GRPC_RECONNECT_MAX_RETRIES sets how many tries there are.',
        details: { retries: this.#spent },
        cause: error,
      });
    }
    this.#spent += 1;
    const jittered = this.#backoffMs * (0.8 + 0.4 * this.#random.float());
    this.#backoffMs = Math.min(this.#backoffMs * 2, maxBackoffMs);
    return Math.min(jittered, maxBackoffMs);
  }

  /** The last session did its work. */
  reset(): void {
    this.#spent = 0;
    this.#backoffMs = this.#settings.baseBackoffMs;
  }
}
