import {
  type Budget,
  compareDecimal,
  type Decimal,
  decimalToNumber,
  subtractDecimal,
} from '@engramkit/arcp';
import type { Clock, JsonObject } from '@engramkit/core';

/** Source: arcp section 5.7, L-55. */
const LEAST_MOVE = 20n; // One twentieth of the initial amount: 5 %.
const LEAST_GAP_MS = 100;

interface Reported {
  readonly remaining: Decimal;
  readonly atMs: number;
}

/** Decides when what is left of a budget is worth an event. Source: arcp section 5.7, L-55. */
export class BudgetReports {
  readonly #budget: Budget;
  readonly #clock: Clock;
  readonly #reported = new Map<string, Reported>();

  constructor(budget: Budget, clock: Clock) {
    this.#budget = budget;
    this.#clock = clock;
  }

  /** The bodies of the metrics to emit after a spending: none or one. */
  after(spending: {
    readonly currency: string;
    readonly crossedZero: boolean;
  }): readonly JsonObject[] {
    const { currency, crossedZero } = spending;
    const remaining = this.#budget.remaining(currency);
    const initial = this.#budget.initial(currency);
    if (remaining === undefined || initial === undefined) return [];
    const last = this.#reported.get(currency);
    const nowMs = this.#clock.monotonic();
    if (last !== undefined && !crossedZero) {
      const moved = subtractDecimal(last.remaining, remaining);
      const enough =
        compareDecimal({ units: moved.units * LEAST_MOVE, scale: moved.scale }, initial) >= 0;
      if (!enough || nowMs - last.atMs < LEAST_GAP_MS) return [];
    }
    this.#reported.set(currency, { remaining, atMs: nowMs });
    return [{ name: 'cost.budget.remaining', value: decimalToNumber(remaining), unit: currency }];
  }
}
