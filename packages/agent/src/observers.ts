import { ArcpError, correlation, type Envelope } from '@engramkit/arcp';
import type { Job } from './job.js';
import type { JobStore } from './job-store.js';
import type { RuntimeLimits } from './limits.js';
import type { Session } from './session.js';

/** Who asked to watch whose job. Source: arcp section 3.8, J-67. */
export interface SubscribeAudit {
  readonly subscriber: string;
  readonly jobId: string;
  readonly jobPrincipal?: string;
  readonly allowed: boolean;
}

/** Lists, watches and cancels jobs. Source: arcp sections 2.7, 3.5 and 3.8. */
export class Observers {
  readonly #jobs: JobStore;
  readonly #limits: RuntimeLimits;
  readonly #onSubscribe: (audit: SubscribeAudit) => void;

  constructor(options: {
    readonly jobs: JobStore;
    readonly limits: RuntimeLimits;
    readonly onSubscribe?: (audit: SubscribeAudit) => void;
  }) {
    this.#jobs = options.jobs;
    this.#limits = options.limits;
    this.#onSubscribe = options.onSubscribe ?? (() => undefined);
  }

  list(session: Session, envelope: Envelope): void {
    needFeature(session, 'list_jobs');
    session.plain('session.jobs', {
      ...this.#jobs.list(session.principal, envelope.payload),
      ...correlation(envelope.id),
    });
  }

  /** The acknowledgement first, then what was, then what is: nothing is lost, doubled or out of order. Source: J-62. */
  subscribe(session: Session, envelope: Envelope): void {
    needFeature(session, 'subscribe');
    const { payload } = envelope;
    const jobId = jobIdOf(envelope);
    const from = payload.from_event_seq;
    if (
      from !== undefined &&
      from !== null &&
      !(typeof from === 'number' && Number.isSafeInteger(from) && from >= 0)
    ) {
      throw new ArcpError(
        'INVALID_REQUEST',
        'from_event_seq must be a whole number of at least 0',
        { details: { field: 'from_event_seq' } },
      );
    }
    const job = this.#jobs.find(jobId, session.principal);
    this.#onSubscribe({
      subscriber: session.principal,
      jobId,
      allowed: job !== undefined,
      ...(job === undefined ? {} : { jobPrincipal: job.facts.principal }),
    });
    if (job === undefined) throw notFound(jobId);
    const history = payload.history === true;
    const after = typeof from === 'number' ? from : 0;
    const replayed = history ? job.audience.history.after(after).length : 0;
    session.plain(
      'job.subscribed',
      {
        job_id: job.id,
        current_status: job.status,
        agent: job.facts.agent,
        ...job.description(),
        parent_job_id: job.facts.parent?.id ?? null,
        trace_id: job.traceId,
        subscribed_from: session.sequence + replayed,
        replayed: history,
        ...(history && job.audience.history.truncated ? { history_truncated: true } : {}),
        ...correlation(envelope.id),
      },
      { job_id: job.id, trace_id: job.traceId },
    );
    if (history) job.audience.replayTo(session, after);
    if (job.ended) return;
    // The submitter's own session gets everything already. Source: J-66.
    if (!job.audience.owners.has(session)) {
      job.audience.subscribers.add(session);
      session.subscriptions.add(job);
    }
  }

  unsubscribe(session: Session, envelope: Envelope): void {
    if (!session.features.has('subscribe')) return;
    const job = this.#jobs.find(jobIdOf(envelope), session.principal);
    if (job === undefined) return;
    job.audience.subscribers.delete(session);
    session.subscriptions.delete(job);
  }

  /** Source: arcp section 3.5. */
  cancel(session: Session, envelope: Envelope): void {
    const jobId = jobIdOf(envelope);
    const job = this.#jobs.find(jobId, session.principal);
    if (job === undefined) throw notFound(jobId);
    if (job.ended || job.cancelling) return;
    if (!job.audience.owners.has(session)) {
      throw new ArcpError(
        'PERMISSION_DENIED',
        'only the session that submitted a job may cancel it',
        { details: { job_id: jobId } },
      );
    }
    const reason =
      typeof envelope.payload.reason === 'string' ? envelope.payload.reason : undefined;
    session.plain(
      'job.cancelled',
      { job_id: job.id, ...(reason === undefined ? {} : { reason }), ...correlation(envelope.id) },
      { job_id: job.id, trace_id: job.traceId },
    );
    this.#stop(job, reason);
  }

  /** A session is gone for good: nothing more is numbered for it. */
  drop(session: Session): void {
    for (const job of session.subscriptions) job.audience.subscribers.delete(session);
    session.subscriptions.clear();
    for (const job of session.jobs) job.audience.owners.delete(session);
    session.jobs.clear();
  }

  #stop(job: Job, reason: string | undefined): void {
    job.cancelling = true;
    const cause = new ArcpError(
      'CANCELLED',
      reason === undefined || reason === ''
        ? 'the job was cancelled'
        : `the job was cancelled: ${reason}`,
    );
    job.interrupt(cause, this.#limits.cancelGraceMs);
    for (const child of job.children)
      if (!child.facts.detached && !child.ended) this.#stop(child, reason);
  }
}

function needFeature(session: Session, feature: 'list_jobs' | 'subscribe'): void {
  if (session.features.has(feature)) return;
  throw new ArcpError('INVALID_REQUEST', `the session did not negotiate "${feature}"`, {
    details: { feature },
  });
}

function jobIdOf(envelope: Envelope): string {
  const jobId = envelope.job_id ?? envelope.payload.job_id;
  if (typeof jobId === 'string' && jobId !== '') return jobId;
  throw new ArcpError('INVALID_REQUEST', 'job_id is missing', { details: { field: 'job_id' } });
}

function notFound(jobId: string): ArcpError {
  return new ArcpError('JOB_NOT_FOUND', 'there is no such job', {
    details: { job_id: jobId.slice(0, 200) },
  });
}
