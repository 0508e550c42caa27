/** The bounds of a runtime; every one has a default. */
export interface RuntimeLimits {
  /** How long a transport may take to complete the handshake; default 10,000 milliseconds. Source: arcp section 2.1, S-1. */
  readonly handshakeTimeoutMs: number;
  /** Default 30 seconds. Source: arcp section 2.3. */
  readonly heartbeatIntervalSec: number;
  /** Default 600 seconds. Source: arcp section 2.3. */
  readonly resumeWindowSec: number;
  /** Concurrent jobs of one session; default 100. Source: arcp section 2.6, S-57. */
  readonly maxJobsPerSession: number;
  /** Un-acknowledged events from which on emitting waits; default 1,000. Source: arcp section 2.6, S-54. */
  readonly highWaterEvents: number;
  /** Un-acknowledged bytes from which on emitting waits; default 4 MiB. Source: arcp section 2.6, S-54. */
  readonly highWaterBytes: number;
  /** Un-acknowledged events at most; default 10,000. Source: arcp section 2.6, S-57. */
  readonly maxBacklogEvents: number;
  /** Un-acknowledged events from which on a subscription of the session is ended; default 5,000. Source: arcp section 2.6, S-56. */
  readonly maxSubscriberEvents: number;
  /** Sessions of one principal; default 1,000. Source: arcp section 7.3. */
  readonly maxSessionsPerPrincipal: number;
  /** Un-acknowledged bytes at most; default 16 MiB. Source: arcp section 2.6, S-57. */
  readonly maxBacklogBytes: number;
  /** How long an emit may wait for the backlog; default 30,000 milliseconds. Source: arcp section 2.6, S-54. */
  readonly emitTimeoutMs: number;
  /** How long an agent may take to end after a cancel; default 30,000 milliseconds. Source: arcp section 3.5, J-30. */
  readonly cancelGraceMs: number;
  /** How long ended jobs stay listed; default 600 seconds. Source: arcp section 2.7, S-64. */
  readonly retentionSec: number;
  /** How many ended jobs stay listed at most; default 10,000. */
  readonly maxRetainedJobs: number;
  /** Events of one job kept for late subscribers; default 10,000. */
  readonly maxHistoryEvents: number;
  /** How long an idempotency key is remembered; default 86,400 seconds. Source: arcp section 3.3, J-10. */
  readonly idempotencyTtlSec: number;
  /** How long a shutdown waits for running jobs; default 25,000 milliseconds. */
  readonly drainMs: number;
}

export const defaultLimits: RuntimeLimits = {
  handshakeTimeoutMs: 10_000,
  heartbeatIntervalSec: 30,
  resumeWindowSec: 600,
  maxJobsPerSession: 100,
  highWaterEvents: 1_000,
  highWaterBytes: 4 * 1024 * 1024,
  maxBacklogEvents: 10_000,
  maxSubscriberEvents: 5_000,
  maxSessionsPerPrincipal: 1_000,
  maxBacklogBytes: 16 * 1024 * 1024,
  emitTimeoutMs: 30_000,
  cancelGraceMs: 30_000,
  retentionSec: 600,
  maxRetainedJobs: 10_000,
  maxHistoryEvents: 10_000,
  idempotencyTtlSec: 86_400,
  drainMs: 25_000,
};
