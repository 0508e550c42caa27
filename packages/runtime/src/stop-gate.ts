/** Lets pending promises end when a signal aborts, with one listener for all of them. */
export class StopGate implements Disposable {
  readonly #signal: AbortSignal;
  readonly #leaving = new Set<() => void>();
  readonly #onAbort = (): void => {
    for (const leave of [...this.#leaving]) leave();
    this.#leaving.clear();
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Settles like `work`, or like `onStop` as soon as the signal aborts. */
  pass<Value>(work: PromiseLike<Value>, onStop: () => Value): Promise<Value> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        try {
          resolve(onStop());
        } catch (error) {
          reject(error);
        }
      };
      if (this.#signal.aborted) leave();
      else this.#leaving.add(leave);
      work.then(
        (value) => {
          this.#leaving.delete(leave);
          resolve(value);
        },
        (error: unknown) => {
          this.#leaving.delete(leave);
          reject(error);
        },
      );
    });
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#leaving.clear();
  }
}
