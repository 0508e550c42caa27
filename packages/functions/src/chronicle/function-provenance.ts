import type { JsonObject } from '@engramkit/core';
import {
  type ActionRecord,
  buildActionUrn,
  buildKernelUrn,
  type ProvSource,
  readLedger,
  type SessionHeader,
} from '@engramkit/provenance';
import { FUNCTION_EVENTS } from './chronicle-event.js';
import { type LedgerPlace, readFunctionEvents } from './ledger-chronicle.js';

/**
 * The calls that a ledger records, as a session for the exports of `@engramkit/provenance`: W3C PROV, RDF, OpenLineage.
 *
 * One action per call that is over: what it used is its input and the event that triggered it, what it made is its output. Rejects
 * like `readLedger`.
 */
export async function functionProvenance(place: LedgerPlace): Promise<ProvSource> {
  let startedAt = '';
  let ledger = '';
  for await (const entry of readLedger(place)) {
    startedAt = entry.time;
    ledger = String(entry.body.ledger ?? '');
    break;
  }
  const header: SessionHeader = {
    session_id: ledger,
    urn: buildActionUrn('engramkit', 'functions', Date.parse(startedAt)),
    label: 'calls of functions',
    kernel_action: 'functions',
    started_at: startedAt,
    ended_at: null,
    was_associated_with: buildKernelUrn('engramkit'),
    duration_ms: null,
    outcome: 'in_progress',
    kernels_involved: ['engramkit'],
  };
  return {
    header,
    async *actions() {
      for await (const { cid, event, entry } of readFunctionEvents(place)) {
        if (event.type === FUNCTION_EVENTS.invoked.type) continue;
        yield actionOf(cid, event.data, { seq: entry.index, time: event.time, id: event.subject });
      }
    },
  };
}

function actionOf(
  cid: string,
  data: JsonObject,
  { seq, time, id }: { readonly seq: number; readonly time: string; readonly id: string },
): ActionRecord {
  const text = (member: string): string => {
    const value = data[member];
    return typeof value === 'string' ? value : '';
  };
  const endMs = Date.parse(time);
  const durationMs = typeof data.duration_ms === 'number' ? data.duration_ms : 0;
  const success = data.success === true;
  const used = [text('input_cid'), text('trigger_event_cid')].filter((one) => one !== '');
  return {
    seq,
    action_type: id,
    outcome: success ? 'verified' : 'failed',
    urn: buildActionUrn(id, 'invoke', endMs),
    kernel: buildKernelUrn(id),
    via_edge: text('trigger_event_cid') === '' ? null : 'TRIGGERS',
    intent: { input_cid: text('input_cid'), invocation_id: text('invocation_id') },
    evidence: { lineage_cid: cid, error: success ? null : text('error') },
    before_state: null,
    after_state: success ? { output_cid: text('output_cid') } : null,
    diff_summary: null,
    attempt: 1,
    generated_at: time,
    note: '',
    started_at: new Date(endMs - durationMs).toISOString(),
    used: used.map((one) => `urn:${one}`),
  };
}
