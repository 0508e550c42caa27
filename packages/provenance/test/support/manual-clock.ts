import type { Clock, Timer } from '@engramkit/core';

interface Pending {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands until told; `autoAdvance` lets every timer fire at once, at its time. */
export class ManualClock implements Clock {
  nowMs: number;
  readonly delays: number[] = [];
  readonly #pending = new Set<Pending>();

  constructor(
    startMs = Date.UTC(2026, 2, 14, 20, 0, 2),
    readonly autoAdvance = false,
  ) {
    this.nowMs = startMs;
  }

  now(): number {
    return this.nowMs;
  }

  monotonic(): number {
    return this.nowMs;
  }

  setTimer(callback: () => void, delayMs: number, options?: { readonly unref?: boolean }): Timer {
    const pending = { at: this.nowMs + delayMs, callback };
    this.#pending.add(pending);
    if (options?.unref !== true) this.delays.push(delayMs);
    if (this.autoAdvance && options?.unref !== true) {
      queueMicrotask(() => {
        if (this.#pending.delete(pending)) {
          this.nowMs = Math.max(this.nowMs, pending.at);
          callback();
        }
      });
    }
    const cancel = (): void => {
      this.#pending.delete(pending);
    };
    return { cancel, [Symbol.dispose]: cancel };
  }

  /** Moves time on and fires what is due, in order. */
  advance(ms: number): void {
    const until = this.nowMs + ms;
    for (;;) {
      const due = [...this.#pending].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#pending.delete(due);
      this.nowMs = due.at;
      due.callback();
    }
    this.nowMs = until;
  }
}
