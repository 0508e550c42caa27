import {
  FunctionRegistry,
  FunctionRuntime,
  memoryChronicle,
  verifyLineage,
} from '@engramkit/functions';
import { expect, it } from 'vitest';
import { billing, restock, sell } from '../src/shop.js';

it('restocks because something was sold, and can prove it', async () => {
  const registry = new FunctionRegistry();
  for (const one of [sell, restock, billing]) registry.register(one);
  const chronicle = memoryChronicle();
  const runtime = new FunctionRuntime(registry, chronicle);
  const sold = await runtime.invoke('sell', { article: 'tea', count: 2 });
  expect(sold.data).toEqual({ article: 'tea', total_cents: 500 });
  const [followUp] = sold.metadata.follow_ups as [{ readonly lineage_cid: string }];
  const lineage = await verifyLineage(chronicle, followUp.lineage_cid);
  expect([lineage.valid, lineage.steps.length]).toEqual([true, 4]);
});

it('stays callable for tests', async () => {
  expect(await restock({ article: 'tea', count: 2 })).toEqual({ ordered: { tea: 2 } });
});
