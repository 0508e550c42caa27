import type { JsonObject } from '@engramkit/core';
import type { ExitClass, StructuredErrorPayload } from '@engramkit/engram';
import type { StepRunPhase } from './step-run-phase.js';

/** One entry of `status.signalEvents`; sequence number 0 asks for the next free one. Source: bobrapet-batch section 3.9. */
export interface SignalEventRecord {
  readonly seq: number;
  readonly key: string;
  /** RFC 3339. */
  readonly emittedAt?: string;
  readonly payload?: JsonObject;
}

/** One entry of `status.effects`; sequence number 0 asks for the next free one. Source: bobrapet-batch section 7.1. */
export interface EffectLedgerRecord {
  readonly seq: number;
  readonly key: string;
  /** Free text, such as `succeeded`. */
  readonly status?: string;
  /** RFC 3339, whole seconds, UTC. */
  readonly emittedAt?: string;
  readonly details?: JsonObject;
}

/**
 * What one writer wants to say about a StepRun; members that are absent stay as they are.
 *
 * Conditions, trace and schema references belong to the operator and have no place here.
 * Source: bobrapet-batch sections 3.4 and 3.9.
 */
export interface StatusChange {
  readonly phase?: StepRunPhase;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly nextRetryAt?: string;
  /** In Go syntax. */
  readonly duration?: string;
  readonly exitCode?: number;
  readonly exitClass?: ExitClass;
  readonly retries?: number;
  readonly lastFailureMsg?: string;
  readonly output?: JsonObject;
  readonly logs?: JsonObject;
  readonly error?: StructuredErrorPayload;
  readonly needs?: readonly string[];
  /** By key; `null` removes the key. */
  readonly signals?: Readonly<Record<string, JsonObject | null>>;
  readonly signalEvents?: readonly SignalEventRecord[];
  readonly effects?: readonly EffectLedgerRecord[];
  /** Removes what an earlier failed pod left: exit code, error and failure message. Source: bobrapet-batch section 3.4, quirk 3. */
  readonly clearFailure?: boolean;
}

/** The status of a StepRun as the API server has it. */
export type LiveStatus = JsonObject;
