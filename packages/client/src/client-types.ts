import type { ArcpError, JobEvent, JobStatus } from '@engramkit/arcp';
import type { JobHandle } from './job-handle.js';

/** What a client tells whoever listens. */
export interface ClientEvents {
  /** A connection stands; `resumed` when the session is the one from before. */
  connected: (info: { readonly sessionId: string; readonly resumed: boolean }) => void;
  /** The connection is gone; the client is opening another. */
  disconnected: (cause: ArcpError) => void;
  /** An error of the session that failed no job, or failed one request only. */
  error: (error: ArcpError) => void;
  /** A job of ours delegated to another agent. */
  delegated: (child: JobHandle, parentJobId: string) => void;
  /** An event of any job, as it comes in. */
  event: (jobId: string, event: JobEvent) => void;
  /** A listener threw. */
  listenerFailed: (failure: { readonly event: string; readonly error: unknown }) => void;
  /** The client will not connect again. */
  closed: (cause: unknown) => void;
}

/** Which jobs to list. Source: arcp section 2.7. */
export interface JobFilter {
  readonly status?: readonly JobStatus[];
  /** With or without version. */
  readonly agent?: string;
  /** Strictly after, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly createdAfterMs?: number;
  readonly createdBeforeMs?: number;
  /** Jobs per page; default: the runtime's. */
  readonly pageSize?: number;
  readonly signal?: AbortSignal;
}

/** Options of {@link ArcpClient.subscribe}. Source: arcp section 3.8. */
export interface SubscribeOptions {
  /** Whether to get what happened before; default `false`. */
  readonly history?: boolean;
  /** With history: only what has a larger number in the listing's `lastEventSeq`. */
  readonly fromEventSeq?: number;
  readonly signal?: AbortSignal;
}
