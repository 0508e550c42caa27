import { type JsonObject, parseJson } from '@engramkit/core';
import { type Ledger, nodeFileSystem, openLedger, readLedger } from '@engramkit/provenance';
import { writeFileAtomic } from '@engramkit/runtime';
import type { BillableEvent, BillingProcessor } from './billing-processor.js';

/** One completion receipt, in the order of its source. */
export interface Receipt {
  /** Where the receipt stands in its source; grows with every receipt. */
  readonly position: number;
  readonly event: unknown;
  /** Content id of the receipt, for receipts that name none themselves. */
  readonly cid?: string;
}

/** Options of {@link drainReceipts}. */
export interface DrainReceiptsOptions {
  /** The receipts after a position, oldest first. Asked once, with the position of the checkpoint. */
  readonly receipts: (afterPosition: number) => Iterable<Receipt> | AsyncIterable<Receipt>;
  readonly processor: BillingProcessor;
  /** The folder of the ledger `billing` and of the checkpoint. */
  readonly directory: string;
  /** How many receipts lie between two checkpoints; default 1,000. */
  readonly checkpointEvery?: number;
  /** Stops between two receipts; what was billed by then is kept. */
  readonly signal?: AbortSignal;
}

/** What became of the receipts of one drain. */
export interface DrainedReceipts {
  readonly billed: number;
  /** Billed before: by an earlier drain, or twice in the source. */
  readonly repeated: number;
  readonly notBillable: number;
  /** Receipts that make no sense, such as a quantity of zero; they are in the ledger as notes. */
  readonly invalid: number;
  /** The position of the last receipt; -1 when there was none yet. */
  readonly position: number;
}

/** Name of the ledger that holds what was billed. */
export const BILLING_LEDGER_NAME = 'billing';
const CHECKPOINT_FILE = 'billing.checkpoint.json';
const CHECKPOINT_EVERY = 1_000;

/**
 * Bills receipts exactly once, over crashes, restarts and repeated receipts.
 *
 * The ledger alone says what was billed: an entry that is in it is billed, and nothing else is. After a crash the ids are read
 * back from it, and the receipts since the checkpoint are looked at again. Rejects like `openLedger`; a second drain of the same
 * folder is refused while the first one lives. Source: function-descriptor section 9.
 */
export async function drainReceipts(options: DrainReceiptsOptions): Promise<DrainedReceipts> {
  const { directory, processor } = options;
  const { checkpointEvery = CHECKPOINT_EVERY } = options;
  await using ledger = await openLedger({ directory, name: BILLING_LEDGER_NAME });
  const known = new Set<string>();
  for await (const { id } of readBilledEvents({ directory })) known.add(id);
  const checkpoint = await readCheckpoint(directory);
  const counts = { billed: 0, repeated: 0, notBillable: 0, invalid: 0 };
  const pending: Promise<unknown>[] = [];
  let position = checkpoint;
  let since = 0;
  const settle = async (): Promise<void> => {
    await Promise.all(pending.splice(0));
    // Only what is on the disk may be skipped after a crash.
    if (since > 0) await saveCheckpoint(directory, position);
    since = 0;
  };
  for await (const receipt of options.receipts(checkpoint)) {
    if (options.signal?.aborted === true) break;
    const kind = bill(receipt, { processor, ledger, known, pending });
    counts[kind] += 1;
    position = receipt.position;
    since += 1;
    if (since >= checkpointEvery) await settle();
  }
  await settle();
  return { ...counts, position };
}

interface Parts {
  readonly processor: BillingProcessor;
  readonly ledger: Ledger;
  readonly known: Set<string>;
  readonly pending: Promise<unknown>[];
}

function bill(
  { event, cid = '', position }: Receipt,
  { processor, ledger, known, pending }: Parts,
): 'billed' | 'repeated' | 'notBillable' | 'invalid' {
  const keep = (body: JsonObject, kind: 'action' | 'note'): void => {
    const kept = ledger.append(body, { kind });
    kept.catch(() => undefined); // Every one is awaited at the next checkpoint, where the first failure ends the drain.
    pending.push(kept);
  };
  try {
    const decision = processor.decide(event, { gsap_context_id: '', trigger_event_cid: cid });
    if (!decision.billed) return 'notBillable';
    const { billable_event: billable } = decision;
    if (known.has(billable.id)) return 'repeated';
    known.add(billable.id);
    keep({ type: 'billable-event', position, event: { ...billable } }, 'action');
    return 'billed';
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    keep({ type: 'receipt-refused', position, reason: error.message }, 'note');
    return 'invalid';
  }
}

/** Everything that was billed, in order. An absent ledger has nothing. Rejects like `readLedger`. */
export async function* readBilledEvents(options: {
  readonly directory: string;
}): AsyncGenerator<BillableEvent> {
  for await (const { body } of readLedger({ ...options, name: BILLING_LEDGER_NAME })) {
    // Written by `bill` above; the chain of the ledger vouches for the rest.
    if (body.type === 'billable-event') yield body.event as unknown as BillableEvent;
  }
}

function checkpointFile(directory: string): string {
  return `${directory}/${CHECKPOINT_FILE}`;
}

async function readCheckpoint(directory: string): Promise<number> {
  const bytes = await nodeFileSystem.readFile(checkpointFile(directory));
  if (bytes === undefined) return -1;
  const text = Buffer.from(bytes).toString('utf8');
  const value = parseJson(text, { what: 'the billing checkpoint' });
  const position =
    typeof value === 'object' && value !== null ? (value as JsonObject).position : undefined;
  return typeof position === 'number' ? position : -1;
}

async function saveCheckpoint(directory: string, position: number): Promise<void> {
  await writeFileAtomic(checkpointFile(directory), `${JSON.stringify({ position })}\n`);
}
