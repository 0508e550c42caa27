import { type Clock, EngramkitError, type Timer } from '@engramkit/core';
import { shown } from './effect-error.js';
import type { IdempotencyRecord, IdempotencyStore } from './idempotency-store.js';

/** How often a write that the store did not answer is tried again. */
const WRITE_TRIES = 4;
const FIRST_PAUSE_MS = 50;

/** What became of a write by the owner. */
export type OwnerWrite =
  | { readonly kind: 'written' }
  /** Another owner has the key. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'store-failed'; readonly cause: unknown };

/**
 * One owner's hold on a key: renews it while work goes on, and writes only while the fencing token is still its own.
 */
export class EffectLease {
  readonly key: string;
  readonly #store: IdempotencyStore;
  readonly #clock: Clock;
  readonly #onLost: (reason: EngramkitError) => void;
  #record: IdempotencyRecord;
  #revision: string | number;
  #heldUntil: number;
  #timer: Timer | undefined;
  #renewal: Promise<void> | undefined;
  #over = false;

  constructor(options: {
    readonly key: string;
    readonly store: IdempotencyStore;
    readonly clock: Clock;
    readonly record: IdempotencyRecord;
    readonly revision: string | number;
    /** When the claim was sent, on the monotonic clock: the lease counts from there. */
    readonly claimedAt: number;
    readonly onLost: (reason: EngramkitError) => void;
  }) {
    this.key = options.key;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#record = options.record;
    this.#revision = options.revision;
    this.#heldUntil = options.claimedAt + options.record.leaseMs;
    this.#onLost = options.onLost;
    this.#schedule();
  }

  get record(): IdempotencyRecord {
    return this.#record;
  }

  /** Ends renewal, waits for one that is under way, and writes what the owner has to say last. */
  async settle(changes: Partial<IdempotencyRecord>): Promise<OwnerWrite> {
    this.#over = true;
    this.#timer?.cancel();
    if (this.#renewal !== undefined) await this.#renewal;
    return this.#write(changes, WRITE_TRIES);
  }

  /** Writes while the work goes on, such as that the effect begins. */
  async update(changes: Partial<IdempotencyRecord>): Promise<OwnerWrite> {
    while (this.#renewal !== undefined) await this.#renewal;
    return this.#write(changes, WRITE_TRIES);
  }

  /** Ends renewal without writing anything. */
  abandon(): void {
    this.#over = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    const delayMs = Math.max(1, Math.floor(this.#record.leaseMs / 3));
    this.#timer = this.#clock.setTimer(
      () => {
        this.#renewal = this.#renew().finally(() => {
          this.#renewal = undefined;
        });
      },
      delayMs,
      { unref: true },
    );
  }

  async #renew(): Promise<void> {
    const sentAt = this.#clock.monotonic();
    const { leaseMs } = this.#record;
    const outcome = await this.#write({ leaseUntilMs: this.#clock.now() + leaseMs }, 1);
    if (outcome.kind === 'written') this.#heldUntil = sentAt + leaseMs;
    const isLost =
      outcome.kind === 'lost' ||
      (outcome.kind === 'store-failed' && this.#clock.monotonic() >= this.#heldUntil);
    if (isLost) {
      this.#over = true;
      this.#onLost(
        leaseLost(this.key, outcome.kind === 'store-failed' ? outcome.cause : undefined),
      );
    }
    if (!this.#over) this.#schedule();
  }

  /**
   * Writes the record with changes. Somebody else's write in between is looked at: as long as owner and token are ours (it was
   * only called unknown, or our own write went through without an answer), the key is ours.
   */
  async #write(changes: Partial<IdempotencyRecord>, tries: number): Promise<OwnerWrite> {
    let cause: unknown;
    for (let attempt = 0; attempt < tries; ) {
      const record = { ...this.#record, ...changes, updatedAtMs: this.#clock.now() };
      try {
        const revision = await this.#store.put(this.key, record, this.#revision);
        if (revision !== undefined) {
          this.#record = record;
          this.#revision = revision;
          return { kind: 'written' };
        }
        const current = await this.#store.get(this.key);
        if (current === undefined || !this.#isOurs(current.record)) return { kind: 'lost' };
        if (current.revision === this.#revision) attempt += 1; // A store that contradicts itself must not keep us here.
        this.#revision = current.revision;
      } catch (error) {
        cause = error;
        attempt += 1;
        if (attempt < tries) await this.#pause(attempt);
      }
    }
    return { kind: 'store-failed', cause };
  }

  #isOurs(record: IdempotencyRecord): boolean {
    return record.owner === this.#record.owner && record.fencingToken === this.#record.fencingToken;
  }

  #pause(attempt: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.setTimer(resolve, FIRST_PAUSE_MS * 4 ** (attempt - 1));
    });
  }
}

function leaseLost(key: string, cause: unknown): EngramkitError {
  return new EngramkitError(`The lease of the effect ${shown(key)} is lost; stop the work.`, {
    code: 'EFFECT_LEASE_LOST',
    retry: 'unknown',
    details: { key },
    hint: 'Another owner may act now. Use a longer lease if the work is slow.',
    ...(cause === undefined ? {} : { cause }),
  });
}
