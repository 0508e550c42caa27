import type { Clock, Timer } from '@engramkit/core';
import type { SequenceTracker } from './sequence-tracker.js';

/** Source: arcp section 2.6, S-51. */
const EVERY_MS = 250;
const EVERY_EVENTS = 32;

/** Acknowledges handled events: after 32 of them or 250 milliseconds, whichever comes first. */
export class Acknowledger {
  readonly #clock: Clock;
  readonly #send: (lastProcessed: number) => void;
  #tracker: SequenceTracker | undefined;
  #acknowledged = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, send: (lastProcessed: number) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Starts over with the numbers of a session; without a tracker nothing is acknowledged. */
  follow(tracker: SequenceTracker | undefined): void {
    if (tracker !== this.#tracker) this.#acknowledged = 0;
    this.#tracker = tracker;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Something was handled. */
  note(): void {
    if (this.#tracker === undefined) return;
    if (this.#tracker.handled - this.#acknowledged >= EVERY_EVENTS) this.flush();
    else this.#timer ??= this.#clock.setTimer(() => this.flush(), EVERY_MS, { unref: true });
  }

  /** Acknowledges what is handled by now. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const handled = this.#tracker?.handled ?? 0;
    if (handled <= this.#acknowledged) return;
    this.#acknowledged = handled;
    this.#send(handled);
  }
}
