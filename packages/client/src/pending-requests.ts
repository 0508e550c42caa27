import { type ArcpError, type Envelope, readRequestId } from '@engramkit/arcp';
import type { Timer } from '@engramkit/core';

/** What a request waits for. */
export type RequestKind = 'submit' | 'list' | 'subscribe' | 'cancel' | 'close';

/** The message type that answers a kind of request. */
const ANSWERS: Readonly<Record<string, RequestKind>> = {
  'job.accepted': 'submit',
  'session.jobs': 'list',
  'job.subscribed': 'subscribe',
  'job.cancelled': 'cancel',
  'session.closed': 'close',
};

/** A request that was sent, or waits for a connection, and has no answer yet. */
export interface PendingRequest {
  readonly kind: RequestKind;
  /** Its session changes when it is sent again in a fresh one. */
  envelope: Envelope;
  readonly jobId?: string;
  readonly hasIdempotencyKey?: boolean;
  /** A timed-out submit keeps its place, so that a late answer is not given to somebody else. */
  tombstone: boolean;
  timer?: Timer;
  answer(envelope: Envelope): void;
  fail(error: unknown): void;
}

/** The codes that an uncorrelated error is attributed by. Source: arcp section 1.6, E-33. */
const SUBMIT_CODES: ReadonlySet<string> = new Set([
  'AGENT_NOT_AVAILABLE',
  'AGENT_VERSION_NOT_AVAILABLE',
  'DUPLICATE_KEY',
]);
const SUBSCRIBE_CODES: ReadonlySet<string> = new Set(['PERMISSION_DENIED', 'JOB_NOT_FOUND']);

/** Finds the request that a message answers, whatever way of correlation the peer has. Source: arcp section 1.6. */
export class PendingRequests {
  readonly #requests = new Map<string, PendingRequest>();

  get size(): number {
    return this.#requests.size;
  }

  /** Whether a request of the kind has no answer yet. */
  has(kind: RequestKind): boolean {
    return this.#oldest((request) => request.kind === kind) !== undefined;
  }

  add(request: PendingRequest): void {
    this.#requests.set(request.envelope.id, request);
  }

  delete(request: PendingRequest): void {
    request.timer?.cancel();
    this.#requests.delete(request.envelope.id);
  }

  all(): readonly PendingRequest[] {
    return [...this.#requests.values()];
  }

  /** The request that a reply answers. Source: arcp section 1.6, E-31. */
  forReply(envelope: Envelope): PendingRequest | undefined {
    const kind = ANSWERS[envelope.type];
    if (kind === undefined) return undefined;
    const { payload } = envelope;
    if (kind === 'submit' && typeof payload.parent_job_id === 'string') return undefined;
    const requestId = readRequestId(payload);
    if (requestId !== undefined) {
      const named = this.#requests.get(requestId);
      return named?.kind === kind ? named : undefined;
    }
    const jobId = typeof payload.job_id === 'string' ? payload.job_id : envelope.job_id;
    if (kind === 'subscribe' || kind === 'cancel') {
      return this.#oldest((request) => request.kind === kind && request.jobId === jobId);
    }
    if (kind === 'submit' && envelope.trace_id !== undefined) {
      const traced = this.#oldest(
        (request) => request.kind === kind && request.envelope.trace_id === envelope.trace_id,
      );
      if (traced !== undefined) return traced;
    }
    return this.#oldest((request) => request.kind === kind);
  }

  /**
   * The request that an error answers; `jobKnown` says whether the error's job is one of ours, whose end it may be instead.
   *
   * Source: arcp section 1.6, E-31 and E-33.
   */
  forError(envelope: Envelope, error: ArcpError, jobKnown: boolean): PendingRequest | undefined {
    const requestId = readRequestId(envelope.payload);
    if (requestId !== undefined) return this.#requests.get(requestId);
    const jobId =
      typeof envelope.payload.job_id === 'string' ? envelope.payload.job_id : envelope.job_id;
    if (jobId !== undefined && SUBSCRIBE_CODES.has(error.code)) {
      const named = this.#oldest(
        (request) =>
          (request.kind === 'subscribe' || request.kind === 'cancel') && request.jobId === jobId,
      );
      if (named !== undefined) return named;
    }
    if (envelope.type === 'job.error') {
      if (error.code === 'DUPLICATE_KEY') {
        return this.#oldest(
          (request) => request.kind === 'submit' && request.hasIdempotencyKey === true,
        );
      }
      return jobKnown ? undefined : this.#oldest((request) => request.kind === 'submit');
    }
    if (SUBMIT_CODES.has(error.code)) return this.#oldest((request) => request.kind === 'submit');
    if (SUBSCRIBE_CODES.has(error.code)) {
      return this.#oldest((request) => request.kind === 'subscribe');
    }
    return this.#oldest((request) => request.kind !== 'close');
  }

  #oldest(accepts: (request: PendingRequest) => boolean): PendingRequest | undefined {
    for (const request of this.#requests.values()) if (accepts(request)) return request;
    return undefined;
  }
}
