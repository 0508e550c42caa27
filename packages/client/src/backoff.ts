import type { Random } from '@engramkit/core';

/** How long to wait between attempts to connect. */
export interface BackoffOptions {
  /** The bound of the first wait in milliseconds; default 200. */
  readonly baseMs?: number;
  /** The bound of every wait in milliseconds; default 30,000. */
  readonly capMs?: number;
  /** A connection that lasted this long starts the sequence anew; default 10,000. */
  readonly healthyMs?: number;
}

const BASE_MS = 200;
const CAP_MS = 30_000;
const HEALTHY_MS = 10_000;
const HIGHEST_POWER = 20;

/** Waits with full jitter: anything from zero to a bound that doubles. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: Random;
  #attempt = 0;

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  /** How many attempts failed in a row. */
  get attempt(): number {
    return this.#attempt;
  }

  /** The next wait in milliseconds. */
  next(): number {
    const { baseMs = BASE_MS, capMs = CAP_MS } = this.#options;
    const bound = Math.min(capMs, baseMs * 2 ** Math.min(this.#attempt, HIGHEST_POWER));
    this.#attempt += 1;
    return this.#random.float() * bound;
  }

  /** Says how long the last connection lasted. */
  lasted(durationMs: number): void {
    if (durationMs >= (this.#options.healthyMs ?? HEALTHY_MS)) this.#attempt = 0;
  }
}
