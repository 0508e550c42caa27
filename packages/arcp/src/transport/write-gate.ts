/** What can hold writes back for a moment, as the streams of Node can. */
export interface WriteGate {
  cork(): void;
  uncork(): void;
}

/** Turns of the microtask queue without a frame after which gathered frames leave. */
const QUIET_TURNS = 8;
/** As many frames leave at once at most. */
const MOST_GATHERED = 512;

/** Lets frames that are sent close together leave in one write: a call of the system costs more than a small frame. */
export class WriteGathering {
  readonly #stream: WriteGate;
  #held = 0;

  constructor(stream: WriteGate) {
    this.#stream = stream;
  }

  /** A frame is about to be written: it waits until a few turns of the microtask queue brought no further one. */
  hold(): void {
    this.#held += 1;
    if (this.#held > 1) return;
    this.#stream.cork();
    let seen = this.#held;
    let quiet = 0;
    const turn = (): void => {
      quiet = this.#held === seen ? quiet + 1 : 0;
      seen = this.#held;
      if (quiet < QUIET_TURNS && seen < MOST_GATHERED) {
        queueMicrotask(turn);
        return;
      }
      this.#held = 0;
      this.#stream.uncork();
    };
    queueMicrotask(turn);
  }
}
