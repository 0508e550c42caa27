import type { JsonObject } from '@engramkit/core';
import { ArcpError } from '../error.js';
import {
  type Amount,
  addDecimal,
  compareDecimal,
  type Decimal,
  decimalFromNumber,
  decimalToNumber,
  subtractDecimal,
  zeroDecimal,
} from './amount.js';

/** What a cost report did to the counters. */
export interface Spending {
  readonly currency: string;
  readonly remaining: Decimal;
  /** Whether this report took the counter from above zero to zero or below. */
  readonly crossedZero: boolean;
}

interface Counter {
  readonly initial: Decimal;
  remaining: Decimal;
}

/**
 * The budget counters of one job, exact decimals, one per currency.
 *
 * A counter may go below zero: costs are reported after the fact. Source: arcp section 5.7.
 */
export class Budget {
  readonly #counters = new Map<string, Counter>();

  /** Repeated currencies add up. */
  constructor(amounts: Iterable<Amount>) {
    for (const { currency, value } of amounts) {
      const total = addDecimal(this.#counters.get(currency)?.remaining ?? zeroDecimal, value);
      this.#counters.set(currency, { initial: total, remaining: total });
    }
  }

  /** Whether any currency is limited. */
  get limited(): boolean {
    return this.#counters.size > 0;
  }

  /** What is left of a currency, or nothing when it is not limited. */
  remaining(currency: string): Decimal | undefined {
    return this.#counters.get(currency)?.remaining;
  }

  /** What a currency started with, or nothing when it is not limited. */
  initial(currency: string): Decimal | undefined {
    return this.#counters.get(currency)?.initial;
  }

  /** The first currency that is used up, or nothing. */
  exhausted(): string | undefined {
    for (const [currency, counter] of this.#counters) {
      if (counter.remaining.units <= 0n) return currency;
    }
    return undefined;
  }

  /**
   * Subtracts a reported cost; nothing when the currency is not limited.
   *
   * Throws `INVALID_REQUEST`, with nothing subtracted, for negative and non-finite values. Source: arcp section 5.7, L-52.
   */
  spend(currency: string, value: number): Spending | undefined {
    const amount = decimalFromNumber(value);
    if (amount === undefined || amount.units < 0n) {
      throw new ArcpError(
        'INVALID_REQUEST',
        `a cost must be a finite number of at least 0, got ${value}`,
        {
          details: { currency },
        },
      );
    }
    const counter = this.#counters.get(currency);
    if (counter === undefined) return undefined;
    const before = counter.remaining;
    counter.remaining = subtractDecimal(before, amount);
    return {
      currency,
      remaining: counter.remaining,
      crossedZero: before.units > 0n && counter.remaining.units <= 0n,
    };
  }

  /**
   * Sets amounts aside for a delegated job, all or nothing; throws `LEASE_SUBSET_VIOLATION` when they are not there.
   *
   * Source: arcp section 5.5, L-42.
   */
  reserve(amounts: Iterable<Amount>): Reservation {
    const wanted = new Budget(amounts);
    for (const [currency, { initial }] of wanted.#counters) {
      const left = this.#counters.get(currency)?.remaining;
      if (left === undefined || compareDecimal(initial, left) > 0) {
        throw new ArcpError(
          'LEASE_SUBSET_VIOLATION',
          `the parent has not enough ${currency} left to delegate`,
          {
            details: {
              capability: 'cost.budget',
              currency,
              requested: decimalToNumber(initial),
              remaining: left === undefined ? null : decimalToNumber(left),
            },
          },
        );
      }
    }
    for (const [currency, { initial }] of wanted.#counters) {
      const counter = this.#counters.get(currency)!;
      counter.remaining = subtractDecimal(counter.remaining, initial);
    }
    let settled = false;
    return {
      budget: wanted,
      settle: () => {
        if (settled) return;
        settled = true;
        for (const [currency, { remaining }] of wanted.#counters) {
          const counter = this.#counters.get(currency)!;
          counter.remaining = addDecimal(counter.remaining, remaining);
        }
      },
    };
  }

  /** The counters as the wire shows them: plain numbers. */
  toJSON(): JsonObject {
    return Object.fromEntries(
      [...this.#counters].map(([currency, { remaining }]) => [
        currency,
        decimalToNumber(remaining),
      ]),
    );
  }
}

/** A part of a budget that a delegated job spends from. */
export interface Reservation {
  readonly budget: Budget;
  /** Gives back what is left, and takes what was overspent; works once. */
  settle(): void;
}
