import { EngramkitError } from '@engramkit/core';
import { storeFailed } from './effect-error.js';
import { EffectLease, type LeaseOptions } from './effect-lease.js';

/** What the effect sees of the call around it. */
export interface OnceContext {
  /** Aborts with the caller's signal, and with `EFFECT_LEASE_LOST` when another owner may act. */
  readonly signal: AbortSignal;
  /** Grows with every owner of the key; hand it to the other side if that can refuse smaller ones. */
  readonly fencingToken: number;
  /**
   * With `start: 'manual'`: says that the effect begins now. Until then, another owner may take over without doubt.
   *
   * Await it before the first step that cannot be undone. Rejects when the key is lost.
   */
  begin(): Promise<void>;
}

/** One run of an effect: what it sees, and the lease that it runs under. */
export class EffectRun implements OnceContext {
  readonly lease: EffectLease;
  readonly fencingToken: number;
  readonly #outer: AbortSignal | undefined;
  /** Only made when the effect asks for the signal. */
  #own: AbortController | undefined;
  #lost: EngramkitError | undefined;
  #forward: (() => void) | undefined;

  constructor(outer: AbortSignal | undefined, held: Omit<LeaseOptions, 'onLost'>) {
    this.#outer = outer;
    this.fencingToken = held.record.fencingToken;
    this.lease = new EffectLease(held, (reason) => {
      this.#lost = reason;
      this.#own?.abort(reason);
    });
  }

  get signal(): AbortSignal {
    if (this.#own === undefined) {
      const own = new AbortController();
      const outer = this.#outer;
      this.#own = own;
      if (this.#lost !== undefined) own.abort(this.#lost);
      else if (outer?.aborted === true) own.abort(outer.reason);
      else if (outer !== undefined) {
        this.#forward = () => own.abort(outer.reason);
        outer.addEventListener('abort', this.#forward, { once: true });
      }
    }
    return this.#own.signal;
  }

  /** A member of its own, so that effects may take it out of the context. */
  readonly begin = async (): Promise<void> => {
    this.#outer?.throwIfAborted();
    if (this.#lost !== undefined) throw this.#lost;
    if (this.lease.record.status === 'started') return;
    const outcome = await this.lease.update({ status: 'started' });
    if (outcome.kind === 'written') return;
    if (outcome.kind === 'store-failed') throw storeFailed(this.lease.key, outcome.cause);
    throw new EngramkitError('Another owner took the key over before the effect began.', {
      code: 'EFFECT_LEASE_LOST',
      retry: 'safe',
      details: { key: this.lease.key },
      hint: 'Nothing happened here. Call once() again to get the result of the other owner.',
    });
  };

  /** Lets go of the caller's signal. */
  close(): void {
    if (this.#forward !== undefined) this.#outer?.removeEventListener('abort', this.#forward);
  }
}
