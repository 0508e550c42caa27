import { systemClock } from '@engramkit/core';
import { contentId } from '@engramkit/ids';
import type { FunctionContext } from '../function-context.js';
import { type FunctionResult, failed, succeeded } from '../function-result.js';
import { FunctionPlugin } from '../governed-function.js';
import { checkRates, DEFAULT_RATES, dollars, type RateCard } from './rate-card.js';

/** What is billed for one completion receipt. Source: function-descriptor section 9. */
export interface BillableEvent {
  /** `bill-` and 16 hex digits; the same for every replay of the receipt. */
  readonly id: string;
  readonly event_type: string;
  readonly quantity: number;
  readonly unit_price_usd: number;
  readonly amount_usd: number;
  readonly currency: 'USD';
  readonly chronicle_cid: string;
  readonly gsap_context_id: string;
  readonly principal?: string;
  /** `YYYY-MM` of the event's time, UTC. */
  readonly period: string;
}

/** What the processor says about a receipt. */
export type BillingDecision =
  | { readonly billed: true; readonly billable_event: BillableEvent }
  | { readonly billed: false; readonly reason: string };

/** Options of {@link BillingProcessor}. */
export interface BillingProcessorOptions {
  /** Prices in micro-dollars; default {@link DEFAULT_RATES}. */
  readonly rates?: RateCard;
  /** The time of events that have none, milliseconds since 1970-01-01T00:00:00Z; default: now. */
  readonly now?: () => number;
}

/**
 * Turns completion receipts into billable events.
 *
 * The same receipt yields the same billable event with the same id, so that whoever stores them by id bills once; `drainReceipts`
 * does so over crashes. Source: function-descriptor section 9.
 */
export class BillingProcessor extends FunctionPlugin {
  override readonly function_id = 'billing-processor';
  override readonly corpus_entry_cid = `sha256:${'b'.repeat(64)}`;
  override readonly capability_mask = 3;
  override readonly trigger_events: readonly string[] = ['GSAP_CR_RECEIVED'];
  override readonly accord_template = '';
  override readonly gsap_required = false;
  override readonly chronicle_enabled = true;
  override readonly max_duration_seconds = 10;
  override readonly display_name = 'Billing Processor';
  override readonly description =
    'Bills completed outcomes that refer to a Chronicle CID, and nothing else.';
  override readonly version = '0.1.0';
  readonly #rates: RateCard;
  readonly #now: () => number;

  /** Throws `RATE_CARD_INVALID` for prices that are no whole numbers of micro-dollars. */
  constructor(options: BillingProcessorOptions = {}) {
    super();
    this.#rates = options.rates ?? DEFAULT_RATES;
    this.#now = options.now ?? systemClock.now;
    checkRates(this.#rates);
  }

  override handle(event: unknown, context: FunctionContext): FunctionResult {
    try {
      return succeeded(this.decide(event, context), { function_id: this.function_id });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return failed(error.message, { function_id: this.function_id, code: 'RECEIPT_INVALID' });
    }
  }

  /** What a receipt is billed with, or why not; throws a RangeError for a quantity or a time that is none. */
  decide(
    event: unknown,
    context: Pick<FunctionContext, 'gsap_context_id' | 'trigger_event_cid'>,
  ): BillingDecision {
    const receipt = typeof event === 'object' && event !== null ? event : {};
    const text = (name: string, fallback: string): string => {
      const value = (receipt as Readonly<Record<string, unknown>>)[name];
      return typeof value === 'string' ? value : fallback;
    };
    const outcome = text('outcome', '');
    if (outcome !== 'completed') {
      return { billed: false, reason: `Outcome '${outcome}' is not billable` };
    }
    const type = text('event_type', 'gsap_cr_completed');
    const micros = Object.hasOwn(this.#rates, type) ? this.#rates[type] : undefined;
    if (micros === undefined) return { billed: false, reason: `No rate for event type '${type}'` };
    const cid = text('chronicle_cid', '') || context.trigger_event_cid;
    if (cid === '') return { billed: false, reason: 'Missing Chronicle CID' };
    const { quantity = 1, time } = receipt as Readonly<Record<string, unknown>>;
    if (typeof quantity !== 'number' || !Number.isSafeInteger(quantity) || quantity < 1) {
      throw new RangeError('quantity must be a positive whole number');
    }
    const amount = micros * quantity;
    if (!Number.isSafeInteger(amount)) throw new RangeError('quantity is too large to be billed');
    const principal = text('principal', '');
    return {
      billed: true,
      billable_event: {
        id: billId(cid, type),
        event_type: type,
        quantity,
        unit_price_usd: dollars(micros),
        amount_usd: dollars(amount),
        currency: 'USD',
        chronicle_cid: cid,
        gsap_context_id: text('gsap_context_id', '') || context.gsap_context_id,
        ...(principal === '' ? {} : { principal }),
        period: this.#period(time),
      },
    };
  }

  override healthCheck(): boolean {
    return true;
  }

  #period(time: unknown): string {
    const atMs =
      time === undefined ? this.#now() : typeof time === 'string' ? Date.parse(time) : Number.NaN;
    if (Number.isNaN(atMs)) throw new RangeError('time must be an RFC 3339 time');
    return new Date(atMs).toISOString().slice(0, 7);
  }
}

/** The id of what is billed for a receipt. Source: function-descriptor section 9. */
export function billId(chronicleCid: string, eventType: string): string {
  const cid = contentId({ chronicle_cid: chronicleCid, event_type: eventType });
  return `bill-${cid.slice('sha256:'.length, 'sha256:'.length + 16)}`;
}
