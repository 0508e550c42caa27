import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentId } from '@engramkit/ids';
import { verifyLedger } from '@engramkit/provenance';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  BillingProcessor,
  DEFAULT_RATES,
  drainReceipts,
  FunctionRegistry,
  FunctionRuntime,
  type Receipt,
  readBilledEvents,
} from '../index.js';

const nobody = { gsap_context_id: '', trigger_event_cid: '' };
const processor = new BillingProcessor({ now: () => Date.UTC(2026, 2, 30) });

describe('BillingProcessor', () => {
  it('has the attributes of the contract', () => {
    expect(processor.descriptor()).toMatchObject({
      function_id: 'billing-processor',
      corpus_entry_cid: `sha256:${'b'.repeat(64)}`,
      capability_mask: 3,
      trigger_events: ['GSAP_CR_RECEIVED'],
      gsap_required: false,
      max_duration_seconds: 10,
      display_name: 'Billing Processor',
      version: '0.1.0',
    });
  });

  it.each(['', 'failed', 'violated', 'timed_out'])(
    "does not bill the outcome '%s'",
    async (outcome) => {
      const registry = new FunctionRegistry();
      registry.register(processor);
      const [first] = await new FunctionRuntime(registry).dispatch('GSAP_CR_RECEIVED', { outcome });
      expect(first?.result.success).toBe(true);
      expect(first?.result.data).toEqual({
        billed: false,
        reason: `Outcome '${outcome}' is not billable`,
      });
      expect(first?.result.metadata.function_id).toBe('billing-processor');
    },
  );

  it('never bills without a rate or without a Chronicle CID', () => {
    const completed = { outcome: 'completed', chronicle_cid: 'sha256:1' };
    expect(processor.decide({ ...completed, event_type: 'constructor' }, nobody)).toEqual({
      billed: false,
      reason: "No rate for event type 'constructor'",
    });
    expect(processor.decide({ outcome: 'completed' }, nobody)).toEqual({
      billed: false,
      reason: 'Missing Chronicle CID',
    });
  });

  it.each([
    ['connector_invocation', 0.002],
    ['function_invocation', 0.001],
    ['chronicle_event', 0.0005],
    ['gsap_ac_issued', 0.003],
    ['gsap_cr_completed', 0.005],
  ])('bills %s at %d dollars, the same for a replay', (event_type, price) => {
    const receipt = {
      outcome: 'completed',
      event_type,
      quantity: 3,
      chronicle_cid: 'sha256:1',
      principal: 'ada',
      time: '2026-02-28T23:59:59Z',
    };
    const decision = processor.decide(receipt, { ...nobody, gsap_context_id: 'ac' });
    const id = contentId({ chronicle_cid: 'sha256:1', event_type }).slice(7, 23);
    expect(decision).toEqual({
      billed: true,
      billable_event: {
        id: `bill-${id}`,
        event_type,
        quantity: 3,
        unit_price_usd: price,
        amount_usd: Number((price * 3).toFixed(6)),
        currency: 'USD',
        chronicle_cid: 'sha256:1',
        gsap_context_id: 'ac',
        principal: 'ada',
        period: '2026-02',
      },
    });
    expect(processor.decide(receipt, { ...nobody, gsap_context_id: 'ac' })).toEqual(decision);
  });

  it('prints amounts that have at most six digits after the point, whatever the quantity', () => {
    const types = fc.constantFrom(...Object.keys(DEFAULT_RATES));
    fc.assert(
      fc.property(types, fc.integer({ min: 1, max: 1_000_000 }), (event_type, quantity) => {
        const decision = processor.decide(
          { outcome: 'completed', event_type, quantity, chronicle_cid: 'c' },
          nobody,
        );
        const amount = decision.billed ? decision.billable_event.amount_usd : Number.NaN;
        expect(Math.round(amount * 1e6)).toBe((DEFAULT_RATES[event_type] ?? 0) * quantity);
        expect(String(amount)).toMatch(/^\d+(\.\d{1,6})?$/);
      }),
    );
  });

  it.each([0, -1, 1.5, '2', 2 ** 53])('refuses the quantity %j', (quantity) => {
    const receipt = { outcome: 'completed', chronicle_cid: 'c', quantity };
    expect(() => processor.decide(receipt, nobody)).toThrowError(RangeError);
    const context = { ...nobody } as never;
    expect(processor.handle(receipt, context)).toMatchObject({ success: false });
  });

  it('refuses a rate card with fractions of micro-dollars', () => {
    expect(() => new BillingProcessor({ rates: { a: 0.5 } })).toThrowError(
      expect.objectContaining({ code: 'RATE_CARD_INVALID' }),
    );
  });
});

describe('drainReceipts', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'billing-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** Receipt 7 repeats receipt 3, every fifth one failed, 11 makes no sense. */
  function* receipts(after: number, count: number): Generator<Receipt> {
    for (let position = after + 1; position < count; position += 1) {
      const cid = position === 7 ? 'cid-3' : `cid-${position}`;
      const outcome = position % 5 === 0 ? 'failed' : 'completed';
      const quantity = position === 11 ? 0 : 1;
      yield { position, event: { outcome, quantity, chronicle_cid: cid } };
    }
  }
  const billable = (count: number) =>
    Array.from({ length: count }, (_, position) => position)
      .filter((position) => position % 5 !== 0 && position !== 7 && position !== 11)
      .map((position) => `cid-${position}`);
  const billed = async (place: string) => {
    const cids: string[] = [];
    for await (const event of readBilledEvents({ directory: place }))
      cids.push(event.chronicle_cid);
    return cids;
  };
  const drain = (place: string, count: number, checkpointEvery = 4) =>
    drainReceipts({
      receipts: (after) => receipts(after, count),
      processor,
      directory: place,
      checkpointEvery,
    });

  it('bills each receipt once and goes on from its checkpoint', async () => {
    expect(await drain(directory, 20)).toEqual({
      billed: 14,
      repeated: 1,
      notBillable: 4,
      invalid: 1,
      position: 19,
    });
    expect(await drain(directory, 20)).toMatchObject({ billed: 0, repeated: 0, position: 19 });
    expect(await drain(directory, 30)).toMatchObject({ billed: 8, position: 29 });
    expect(await billed(directory)).toEqual(billable(30));
    expect(await verifyLedger({ directory, name: 'billing' })).toMatchObject({ ok: true });
  });

  it('bills every receipt exactly once wherever a crash cut the ledger, and after a lost checkpoint', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(30),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        async (first, cut, lose) => {
          const place = mkdtempSync(join(directory, 'crash-'));
          await drain(place, first, 1_000);
          const file = join(place, 'billing.jsonl');
          const kept = statSync(file).size;
          // A drain that ends before its next checkpoint, and a power cut that keeps only a part of what it wrote.
          const source = function* (after: number) {
            yield* receipts(after, 40);
            throw new Error('power cut');
          };
          const broken = drainReceipts({ receipts: source, processor, directory: place });
          await expect(broken).rejects.toThrow('power cut');
          truncateSync(file, kept + Math.floor((statSync(file).size - kept) * cut));
          if (lose) rmSync(join(place, 'billing.checkpoint.json'), { force: true });
          await drain(place, 40);
          expect(await billed(place)).toEqual(billable(40));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('stops between two receipts when it is told to', async () => {
    const stop = new AbortController();
    const source = function* (after: number) {
      for (const receipt of receipts(after, 20)) {
        if (receipt.position === 9) stop.abort();
        yield receipt;
      }
    };
    const done = await drainReceipts({
      receipts: source,
      processor,
      directory,
      signal: stop.signal,
    });
    expect(done.position).toBe(8);
    expect(JSON.parse(readFileSync(join(directory, 'billing.checkpoint.json'), 'utf8'))).toEqual({
      position: 8,
    });
    await drain(directory, 20);
    expect(await billed(directory)).toEqual(billable(20));
  });
});
