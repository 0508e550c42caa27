import { contentId } from '@engramkit/ids';
import type {
  ChronicleClient,
  ChronicleEvent,
  ChronicleReceipt,
  ChronicleSource,
} from './chronicle-event.js';

/** A chronicle that lives as long as the process. */
export interface MemoryChronicle extends ChronicleClient, ChronicleSource {
  /** Every event that is still kept, oldest first. */
  list(): readonly (ChronicleReceipt & { readonly event: ChronicleEvent })[];
}

/** Options of {@link memoryChronicle}. */
export interface MemoryChronicleOptions {
  /** How many events are kept, the newest; default 10,000. */
  readonly keep?: number;
}

/** Keeps events in memory: for tests, and for functions whose history need not outlive the process. */
export function memoryChronicle(options: MemoryChronicleOptions = {}): MemoryChronicle {
  const { keep = 10_000 } = options;
  const events = new Map<string, ChronicleReceipt & { readonly event: ChronicleEvent }>();
  let sequence = -1;
  return {
    async append(event) {
      const cid = contentId(event);
      sequence += 1;
      const receipt = { cid, sequence };
      events.set(cid, { ...receipt, event });
      const oldest = events.size > keep ? events.keys().next().value : undefined;
      if (oldest !== undefined) events.delete(oldest);
      return receipt;
    },
    find: async (cid) => events.get(cid)?.event,
    list: () => [...events.values()],
  };
}
