import type { Budget, Credential, Lease, Reservation } from '@engramkit/arcp';
import type { JsonValue } from '@engramkit/core';
import type { AgentDefinition } from './agent-definition.js';
import type { Job } from './job.js';

/** Everything that is fixed when a job is accepted. */
export interface JobFacts {
  readonly id: string;
  readonly agent: string;
  readonly definition: AgentDefinition;
  readonly principal: string;
  readonly input: JsonValue | undefined;
  readonly lease: Lease;
  readonly expiresAt: string | undefined;
  readonly expiresAtMs: number | undefined;
  readonly budget: Budget;
  readonly reservation: Reservation | undefined;
  readonly credentials: readonly Credential[];
  readonly traceId: string;
  readonly createdAtMs: number;
  readonly maxRuntimeSec: number | undefined;
  readonly parent: Job | undefined;
  /** The parent of a job from before a restart. */
  readonly parentId?: string | undefined;
  readonly delegateId: string | undefined;
  readonly detached: boolean;
}
