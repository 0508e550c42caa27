import { hash } from 'node:crypto';
import type { JsonObject, JsonValue } from '@engramkit/core';
import { toPlainJson } from '../session/recorded-value.js';
import type { ActionRecord, SessionHeader } from '../session/session-record.js';
import { kernelShortName } from '../urn.js';
import type { ProvSource } from './session-statements.js';

/** Options of {@link exportOpenLineage}. */
export interface OpenLineageOptions {
  /** URI of what makes the events; default `urn:provchain:v1:`. */
  readonly producer?: string;
}

const SCHEMA = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';
const FACET_SCHEMA = 'urn:provchain:v1:action-facet';

/**
 * A session as OpenLineage run events, one line of JSON each: START and COMPLETE, FAIL or ABORT for every action, in order.
 *
 * Job namespace and name are the kernel and the action type; intent, evidence and diff are a facet of the run. Run ids are UUIDs
 * derived from session and sequence number, so that a second export names the same runs. Source: provenance section 7.2.
 */
export async function* exportOpenLineage(
  source: ProvSource,
  options: OpenLineageOptions = {},
): AsyncGenerator<string> {
  const producer = options.producer ?? 'urn:provchain:v1:';
  for await (const action of source.actions()) {
    const started = action.started_at ?? action.generated_at;
    for (const [eventType, eventTime] of [
      ['START', started],
      [endOf(action.outcome), action.generated_at],
    ] as const) {
      const event: JsonObject = {
        eventType,
        eventTime,
        producer,
        schemaURL: SCHEMA,
        run: {
          runId: runId(source.header, action.seq),
          facets: {
            provchain_action: facet(action, producer),
            parent: parent(source.header, producer),
          },
        },
        job: { namespace: kernelShortName(action.kernel), name: action.action_type },
        inputs: [],
        outputs: [],
      };
      yield `${JSON.stringify(event)}\n`;
    }
  }
}

function endOf(outcome: string): 'COMPLETE' | 'FAIL' | 'ABORT' {
  if (outcome === 'failed' || outcome === 'retry') return 'FAIL';
  return outcome === 'skipped' ? 'ABORT' : 'COMPLETE';
}

function facet(action: ActionRecord, producer: string): JsonValue {
  const map = (value: ActionRecord['intent']): JsonValue =>
    value === null ? null : toPlainJson(value);
  return {
    _producer: producer,
    _schemaURL: FACET_SCHEMA,
    urn: action.urn,
    attempt: action.attempt,
    outcome: action.outcome,
    intent: map(action.intent),
    evidence: map(action.evidence),
    diffSummary: action.diff_summary,
    note: action.note,
  };
}

function parent(header: SessionHeader, producer: string): JsonValue {
  return {
    _producer: producer,
    _schemaURL:
      'https://openlineage.io/spec/facets/1-0-1/ParentRunFacet.json#/$defs/ParentRunFacet',
    run: { runId: runId(header, 0) },
    job: { namespace: kernelShortName(header.was_associated_with), name: header.label },
  };
}

/** A UUID of version 8, whose bits are ours to choose, from session and sequence number. */
function runId(header: SessionHeader, seq: number): string {
  const digest = hash('sha256', `${header.urn}-${header.session_id}/a/${seq}`, 'hex');
  const variant = ((Number.parseInt(digest.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `${variant}${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-');
}
