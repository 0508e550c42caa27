import { BillingProcessor, defineFunction } from '@engramkit/functions';
import { z } from 'zod';

/** Sells: when it has succeeded, everything that waits for SOLD is called, with this call as the cause. */
export const sell = defineFunction(
  {
    function_id: 'sell',
    description: 'Sells some of an article and tells everybody who waits for it.',
    gsap_required: false,
    max_duration_seconds: 5,
    event: z.object({ article: z.string().min(1), count: z.int().positive() }),
    result: z.object({ article: z.string(), total_cents: z.int() }),
  },
  ({ article, count }, _context, { emit }) => {
    emit('SOLD', { article, count });
    return { article, total_cents: count * 250 };
  },
);

/** Called by the event, not by name. */
export const restock = defineFunction(
  {
    function_id: 'restock',
    description: 'Orders what was sold.',
    trigger_events: ['SOLD'],
    gsap_required: false,
    event: z.object({ article: z.string(), count: z.int() }),
  },
  ({ article, count }) => ({ ordered: { [article]: count } }),
);

/** Turns completion receipts into billable events. */
export const billing = new BillingProcessor();
