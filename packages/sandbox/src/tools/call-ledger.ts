import type { JsonObject, JsonValue } from '@engramkit/core';
import type { SideEffect } from '../wire/capability.js';
import type { CallStatus, ErrorObject, ExternalCallRecord } from '../wire/run-types.js';

/** A record that is still being written. */
export interface OpenRecord {
  readonly id: number;
  readonly name: string;
  readonly side_effect: SideEffect;
  duration_ms: number;
  status: CallStatus;
  request_digest: string;
  response_digest: string | null;
  error: ErrorObject | null;
  /** Whether anything was settled; calls of an ended run that were not are errors. */
  settled: boolean;
  /** The arguments were changed by whoever approved. */
  amended: boolean;
}

/** A call that waits for consent; travels in snapshots. */
export interface WaitingCall {
  readonly approval_id: string;
  readonly id: number;
  readonly call_index: number;
  readonly name: string;
  readonly args: readonly JsonValue[];
  readonly kwargs: JsonObject;
  readonly request_digest: string;
  readonly requested_at: number;
  readonly expires_at: number | null;
  /** Consent was given and the handler may have run. */
  readonly started: boolean;
}

/** The record as the wire has it. */
export function closeRecord(record: OpenRecord): ExternalCallRecord {
  return {
    name: record.name,
    side_effect: record.side_effect,
    duration_ms: Math.round(record.duration_ms),
    status: record.status,
    request_digest: record.request_digest,
    response_digest: record.response_digest,
    error: record.error,
  };
}
