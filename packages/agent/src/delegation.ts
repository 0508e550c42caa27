import type { Lease } from '@engramkit/arcp';
import type { JsonValue } from '@engramkit/core';

/** Options of `AgentContext.delegate`. Source: arcp section 5.9. */
export interface DelegateOptions {
  /** A part of the parent's lease; default: no authority. Budgets are set aside until the child ends. */
  readonly lease?: Lease;
  /** At most the parent's, which is the default. */
  readonly expiresAt?: string;
  /** Whether the child outlives the parent; default `false`. */
  readonly detached?: boolean;
  readonly maxRuntimeSec?: number;
}

/** A job that another agent does for this one. */
export interface DelegatedJob {
  readonly jobId: string;
  readonly delegateId: string;
  /** The result of the child; rejects with its error. */
  result(): Promise<JsonValue | undefined>;
  cancel(reason?: string): void;
}
