import type { JsonObject } from '@engramkit/core';
import { contentId } from '@engramkit/ids';
import { type FileSystem, type Ledger, type LedgerEntry, readLedger } from '@engramkit/provenance';
import type { ChronicleClient, ChronicleEvent, ChronicleSource } from './chronicle-event.js';

/** Marks the entries of function events in a ledger that may hold others. */
export const FUNCTION_ENTRY_TYPE = 'function-event';

/** Where a ledger is. */
export interface LedgerPlace {
  readonly directory: string;
  readonly name: string;
  readonly files?: FileSystem;
}

const RECENT_EVENTS = 10_000;

/**
 * Records events in a ledger: one hash chain for functions, runs and sessions. Events of many calls reach the disk together.
 *
 * The caller opens the ledger and closes it. Source: function-descriptor section 7.2.
 */
export function ledgerChronicle(ledger: Ledger): ChronicleClient & ChronicleSource {
  const recent = new Map<string, ChronicleEvent>();
  const { directory, name } = ledger;
  return {
    async append(event) {
      const cid = contentId(event);
      const { index } = await ledger.append({ type: FUNCTION_ENTRY_TYPE, cid, event });
      recent.set(cid, event);
      const oldest = recent.size > RECENT_EVENTS ? recent.keys().next().value : undefined;
      if (oldest !== undefined) recent.delete(oldest);
      return { cid, sequence: index };
    },
    async find(cid) {
      const event = recent.get(cid);
      if (event !== undefined) return event;
      await ledger.flush();
      return ledgerSource({ directory, name }).find(cid);
    },
  };
}

/** The events of a ledger, read anew for every search: for what happened in other processes. Rejects like `readLedger`. */
export function ledgerSource(place: LedgerPlace): ChronicleSource {
  return {
    async find(cid) {
      for await (const { cid: found, event } of readFunctionEvents(place)) {
        if (found === cid) return event;
      }
      return undefined;
    },
  };
}

/** The function events of a ledger, in order. Rejects like `readLedger`. */
export async function* readFunctionEvents(place: LedgerPlace): AsyncGenerator<{
  readonly cid: string;
  readonly event: ChronicleEvent;
  readonly entry: LedgerEntry;
}> {
  for await (const entry of readLedger(place)) {
    const { type, cid, event } = entry.body;
    if (type !== FUNCTION_ENTRY_TYPE || typeof cid !== 'string' || !isEvent(event)) continue;
    yield { cid, event, entry };
  }
}

function isEvent(value: JsonObject[string] | undefined): value is ChronicleEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { specversion, subject, data } = value as JsonObject;
  return specversion === '1.0' && typeof subject === 'string' && typeof data === 'object';
}
