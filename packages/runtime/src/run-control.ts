import { CancelledError, type Clock, DeadlineError, EngramkitError } from '@engramkit/core';

/** Why a run was told to stop before it was done. */
export type StopCause = 'deadline' | 'cancelled' | 'fault';

/** What a {@link RunControl} is made of. */
export interface RunControlOptions {
  readonly clock: Clock;
  readonly timeoutMs?: number | undefined;
  readonly graceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly abandon?: AbortSignal | undefined;
}

const GRACE_MS = 1_000;

/** Rejects {@link RunControl.wait} when author code did not settle in time; `cause` is why it had to stop. */
export class AbandonedError extends EngramkitError {
  static override readonly brand: string = 'AbandonedError';
}

/**
 * When one run has to stop: deadline, cancellation from outside, a fault that nobody caught.
 *
 * One abort controller per run and plain listeners that {@link RunControl.release} removes, so that a signal shared by many
 * runs does not collect listeners.
 */
export class RunControl {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #graceMs: number | undefined;
  readonly #timers: { cancel(): void }[] = [];
  readonly #outer: AbortSignal | undefined;
  readonly #abandon: AbortSignal | undefined;
  readonly #endsAt: number | undefined;
  readonly #timeoutMs: number | undefined;
  #leave: (() => void) | undefined;
  #end: AbortSignal | undefined;
  #graceOver = false;
  #cause: StopCause | undefined;
  #reason: EngramkitError | undefined;

  /** When the run must be over, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly deadlineMs: number | undefined;

  constructor(options: RunControlOptions) {
    const { clock, timeoutMs } = options;
    this.#clock = clock;
    this.#graceMs = options.graceMs;
    this.#outer = options.signal;
    this.#abandon = options.abandon;
    this.#timeoutMs = timeoutMs;
    if (timeoutMs !== undefined) {
      this.#endsAt = clock.monotonic() + timeoutMs;
      this.deadlineMs = clock.now() + timeoutMs;
      this.#timers.push(clock.setTimer(this.#onDeadline, timeoutMs));
    }
    if (this.#outer?.aborted === true) this.#onOuterAbort();
    else this.#outer?.addEventListener('abort', this.#onOuterAbort, { once: true });
    if (this.#abandon?.aborted === true) this.#onAbandon();
    else this.#abandon?.addEventListener('abort', this.#onAbandon, { once: true });
  }

  /** Aborts once when the run has to stop; the reason is a `CancelledError`, a `DeadlineError` or the fault. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the run had to stop, if it had to. */
  get cause(): StopCause | undefined {
    return this.#cause;
  }

  /** The reason of the abort. */
  get reason(): EngramkitError | undefined {
    return this.#reason;
  }

  /** Ends the run because of an error that reached the process instead of the run's promise. */
  fault(error: unknown): void {
    this.#stop('fault', EngramkitError.from(error));
  }

  /** Looks at the clock as well: a busy loop keeps the deadline's timer from firing. */
  checkDeadline(): void {
    if (this.#endsAt !== undefined && this.#clock.monotonic() >= this.#endsAt) this.#onDeadline();
  }

  /** Throws the reason when the run has to stop. */
  throwIfStopped(): void {
    this.checkDeadline();
    if (this.#reason !== undefined) throw this.#reason;
  }

  /**
   * Settles like `work`, or rejects with an {@link AbandonedError} when the grace after the abort is over.
   *
   * Work that is left behind may still settle; nobody hears of it.
   */
  wait<Value>(work: PromiseLike<Value>): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      const leave = (): void => {
        this.#leave = undefined;
        reject(
          new AbandonedError('the code did not stop within its grace after it was told to', {
            code: 'ABANDONED',
            cause: this.#reason,
          }),
        );
      };
      this.#leave = leave;
      work.then(
        (value) => {
          if (this.#leave === leave) this.#leave = undefined;
          resolve(value);
        },
        (error: unknown) => {
          if (this.#leave === leave) this.#leave = undefined;
          reject(error);
        },
      );
      if (this.#graceOver) leave();
    });
  }

  /** Aborts when the surrounding system gives up waiting; the end of the grace is no reason to lose an output. */
  get endSignal(): AbortSignal {
    this.#end ??= this.#abandon ?? new AbortController().signal;
    return this.#end;
  }

  /** Settles like `work`, or rejects when the surrounding system gives up waiting. */
  waitForEnd<Value>(work: PromiseLike<Value>): Promise<Value> {
    const outer = this.#abandon;
    if (outer === undefined) return Promise.resolve(work);
    return new Promise((resolve, reject) => {
      const leave = (): void =>
        reject(new CancelledError('the run was cut short before its output was stored'));
      if (outer.aborted) leave();
      outer.addEventListener('abort', leave, { once: true });
      Promise.resolve(work)
        .then(resolve, reject)
        .finally(() => outer.removeEventListener('abort', leave));
    });
  }

  /** Cancels timers and removes listeners; the signal stays as it is. */
  release(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.length = 0;
    this.#outer?.removeEventListener('abort', this.#onOuterAbort);
    this.#abandon?.removeEventListener('abort', this.#onAbandon);
  }

  readonly #onDeadline = (): void => {
    this.#stop(
      'deadline',
      new DeadlineError(`the run did not finish within its limit of ${this.#timeoutMs} ms`, {
        hint: 'Raise the timeout, or make the work shorter; code should stop when context.signal aborts.',
        details: { timeoutMs: this.#timeoutMs ?? 0 },
      }),
    );
  };

  readonly #onOuterAbort = (): void => {
    const reason: unknown = this.#outer?.reason;
    this.#stop(
      'cancelled',
      reason instanceof CancelledError || reason instanceof DeadlineError
        ? reason
        : new CancelledError('the run was cancelled', { cause: reason }),
    );
  };

  readonly #onAbandon = (): void => {
    if (this.#cause === undefined) {
      this.#stop('cancelled', new CancelledError('the run was cancelled'));
    }
    this.#endGrace();
  };

  #stop(cause: StopCause, reason: EngramkitError): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.#reason = reason;
    // Whoever can say when to give up after a cancellation also says how long to wait.
    if (cause !== 'cancelled' || this.#abandon === undefined || this.#graceMs !== undefined) {
      this.#timers.push(this.#clock.setTimer(() => this.#endGrace(), this.#graceMs ?? GRACE_MS));
    }
    this.#controller.abort(reason);
  }

  #endGrace(): void {
    this.#graceOver = true;
    this.#leave?.();
  }
}
