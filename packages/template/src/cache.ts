import type { Clock } from '@engramkit/core';

/** A bounded map that drops what was used least recently and what is too old. */
export class RecentCache<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly since: number }>();
  readonly #size: number;
  readonly #lifetimeMs: number;
  readonly #clock: Clock;

  constructor(options: {
    readonly size: number;
    readonly lifetimeMs: number;
    readonly clock: Clock;
  }) {
    this.#size = options.size;
    this.#lifetimeMs = options.lifetimeMs;
    this.#clock = options.clock;
  }

  /** How many entries are kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** The kept value, or a new one from `make`. */
  get(key: string, make: () => Value): Value {
    const now = this.#clock.monotonic();
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      if (now - known.since < this.#lifetimeMs) {
        this.#entries.set(key, known);
        return known.value;
      }
    }
    const value = make();
    if (this.#size <= 0) return value;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < this.#size) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(key, { value, since: now });
    return value;
  }
}
