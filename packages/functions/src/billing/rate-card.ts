import { InvalidInputError } from '@engramkit/core';

/** Prices in millionths of a US dollar, whole numbers, by type of event. */
export type RateCard = Readonly<Record<string, number>>;

/** What the protocol's own events cost, in micro-dollars. Source: function-descriptor section 9. */
export const DEFAULT_RATES: RateCard = Object.freeze({
  connector_invocation: 2000,
  function_invocation: 1000,
  chronicle_event: 500,
  gsap_ac_issued: 3000,
  gsap_cr_completed: 5000,
});

const MICROS_PER_DOLLAR = 1_000_000;

/** Refuses prices that are no whole numbers of micro-dollars; throws `RATE_CARD_INVALID`. */
export function checkRates(rates: RateCard): void {
  for (const [type, micros] of Object.entries(rates)) {
    if (Number.isSafeInteger(micros) && micros >= 0) continue;
    throw new InvalidInputError(
      `the price of ${JSON.stringify(type.slice(0, 80))} is no whole number`,
      {
        code: 'RATE_CARD_INVALID',
        hint: 'Give prices in micro-dollars: 0.002 USD is 2000.',
      },
    );
  }
}

/** Micro-dollars as dollars: the nearest number, made from the whole number and never by adding fractions. */
export function dollars(micros: number): number {
  return micros / MICROS_PER_DOLLAR;
}
