import type { FunctionObserver, ObservedCall } from '../runtime-options.js';

/** The newest calls, for people to look at. */
export class RecentCalls implements FunctionObserver {
  readonly #limit: number;
  readonly #calls: ObservedCall[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  ended(call: ObservedCall): void {
    this.#calls.push(call);
    if (this.#calls.length > this.#limit) this.#calls.shift();
  }

  /** Newest first. */
  list(): readonly ObservedCall[] {
    return this.#calls.toReversed();
  }
}
