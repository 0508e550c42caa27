import { type Clock, EngramkitError, type Timer } from '@engramkit/core';
import { shown } from './effect-error.js';
import type { IdempotencyRecord, IdempotencyStore, MaybePromise } from './idempotency-store.js';

/** How often a write that the store did not answer is tried again. */
const WRITE_TRIES = 4;
const FIRST_PAUSE_MS = 50;

/** What an owner may change about its record. */
export type RecordChanges = {
  readonly [Name in 'status' | 'leaseUntilMs' | 'resultJson' | 'error' | 'keepUntilMs']?:
    | IdempotencyRecord[Name]
    | undefined;
};

/** What became of a write by the owner. */
export type OwnerWrite =
  | { readonly kind: 'written' }
  /** Another owner has the key. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'store-failed'; readonly cause: unknown };

const WRITTEN: OwnerWrite = Object.freeze({ kind: 'written' });

/** Member by member: several times as fast as spreading, and every record has one shape. */
function changedRecord(
  record: IdempotencyRecord,
  changes: RecordChanges,
  updatedAtMs: number,
): IdempotencyRecord {
  const { fingerprint } = record;
  const { resultJson, error, keepUntilMs } = changes;
  const changed: { -readonly [Name in keyof IdempotencyRecord]: IdempotencyRecord[Name] } = {
    status: changes.status ?? record.status,
    owner: record.owner,
    fencingToken: record.fencingToken,
    leaseUntilMs: changes.leaseUntilMs ?? record.leaseUntilMs,
    leaseMs: record.leaseMs,
    updatedAtMs,
  };
  if (fingerprint !== undefined) changed.fingerprint = fingerprint;
  if (resultJson !== undefined) changed.resultJson = resultJson;
  if (error !== undefined) changed.error = error;
  if (keepUntilMs !== undefined) changed.keepUntilMs = keepUntilMs;
  return changed;
}

/** What an owner holds when it begins. */
export interface LeaseOptions {
  readonly key: string;
  readonly store: IdempotencyStore;
  readonly clock: Clock;
  readonly record: IdempotencyRecord;
  readonly revision: string | number;
  /** When the claim was sent, on the monotonic clock: the lease counts from there. */
  readonly claimedAt: number;
}

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

  constructor(options: LeaseOptions, onLost: (reason: EngramkitError) => void) {
    this.key = options.key;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#record = options.record;
    this.#revision = options.revision;
    this.#heldUntil = options.claimedAt + options.record.leaseMs;
    this.#onLost = onLost;
    this.#schedule();
  }

  get record(): IdempotencyRecord {
    return this.#record;
  }

  /** Ends renewal, waits for one that is under way, and writes what the owner has to say last. */
  settle(changes: RecordChanges): MaybePromise<OwnerWrite> {
    this.#over = true;
    this.#timer?.cancel();
    return this.#renewal === undefined
      ? this.#write(changes, WRITE_TRIES)
      : this.#renewal.then(() => this.#write(changes, WRITE_TRIES));
  }

  /** Writes while the work goes on, such as that the effect begins. */
  async update(changes: RecordChanges): Promise<OwnerWrite> {
    while (this.#renewal !== undefined) await this.#renewal;
    return this.#write(changes, WRITE_TRIES);
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

  /** Writes the record with changes; without a promise when the store needs none, which is the common case in memory. */
  #write(changes: RecordChanges, tries: number): MaybePromise<OwnerWrite> {
    const record = changedRecord(this.#record, changes, this.#clock.now());
    let answer: MaybePromise<string | number | undefined>;
    try {
      answer = this.#store.put(this.key, record, this.#revision);
    } catch (error) {
      answer = Promise.reject(error);
    }
    if (typeof answer === 'object' || answer === undefined) {
      return this.#insist(answer, record, changes, tries);
    }
    this.#record = record;
    this.#revision = answer;
    return WRITTEN;
  }

  /**
   * Waits for the answer and writes again if need be. Somebody else's write in between is looked at: as long as owner and token
   * are ours (it was only called unknown, or our own write went through without an answer), the key is ours.
   */
  async #insist(
    first: MaybePromise<string | number | undefined>,
    firstRecord: IdempotencyRecord,
    changes: RecordChanges,
    tries: number,
  ): Promise<OwnerWrite> {
    let answer = first;
    let record = firstRecord;
    let cause: unknown;
    for (let attempt = 1; ; ) {
      try {
        const revision = await answer;
        if (revision !== undefined) {
          this.#record = record;
          this.#revision = revision;
          return WRITTEN;
        }
        const current = await this.#store.get(this.key);
        if (current === undefined || !this.#isOurs(current.record)) return { kind: 'lost' };
        if (current.revision === this.#revision) attempt += 1; // A store that contradicts itself must not keep us here.
        this.#revision = current.revision;
      } catch (error) {
        cause = error;
        attempt += 1;
        if (attempt <= tries) await this.#pause(attempt - 1);
      }
      if (attempt > tries) return { kind: 'store-failed', cause };
      record = changedRecord(this.#record, changes, this.#clock.now());
      answer = Promise.resolve(record).then((next) =>
        this.#store.put(this.key, next, this.#revision),
      );
    }
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
