import {
  ArcpError,
  Budget,
  type Credential,
  correlation,
  type Envelope,
  type IdentifierSource,
  leaseAmounts,
  leaseToJson,
  newTraceId,
  parseExpiry,
  parseLease,
  readSubmit,
  type SubmitRequest,
} from '@engramkit/arcp';
import { type Clock, type JsonValue, openDeadline } from '@engramkit/core';
import { acceptance, type Launch } from './acceptance.js';
import type { AgentRegistry } from './agent-registry.js';
import { type Credentials, credentialsToWire } from './credentials.js';
import type { DelegatedJob, DelegateOptions } from './delegation.js';
import { type IdempotencyKeys, parametersOf } from './idempotency.js';
import type { Job } from './job.js';
import { JobMaker } from './job-maker.js';
import { runAgent } from './job-runner.js';
import type { JobStore } from './job-store.js';
import type { RuntimeLimits } from './limits.js';
import type { Journal } from './log/journal.js';
import { jobRecord } from './log/recovery.js';
import { inDraftShape } from './seed-dialect.js';
import type { Session } from './session.js';

/** What submissions need of the runtime. */
export interface SubmissionParts {
  readonly agents: AgentRegistry;
  readonly jobs: JobStore;
  readonly keys: IdempotencyKeys;
  readonly limits: RuntimeLimits;
  readonly clock: Clock;
  readonly identifiers: IdentifierSource;
  readonly credentials: Credentials | undefined;
  readonly requireModelUse: boolean;
  /** How a refusal is sent to peers that speak the draft. Source: arcp section 3.2, J-8. */
  readonly rejection: 'job.error' | 'session.error';
  readonly closing: () => boolean;
  /** What a restarted runtime has to know is written here. */
  readonly journal: Journal;
}

const ANSWERS_KEPT = 256;
/** How long a provider may take to issue. */
const ISSUE_TIMEOUT_MS = 30_000;

/** Accepts jobs, from clients and from agents. Source: arcp sections 3.1 to 3.3 and 5.9. */
export class Submissions {
  readonly #parts: SubmissionParts;
  /** Makes the jobs. */
  readonly maker: JobMaker;

  constructor(parts: SubmissionParts) {
    this.#parts = parts;
    this.maker = new JobMaker(parts);
  }

  /** Answers the submits of one session in the order of their arrival. Source: arcp section 1.6, E-32. */
  submit(session: Session, envelope: Envelope): void {
    const known = session.answered.get(envelope.id);
    if (known !== undefined) {
      session.connection?.send(known);
      return;
    }
    if (session.queue === undefined && this.#parts.credentials === undefined) {
      this.#answer(session, envelope, () => this.#accept(session, envelope));
      return;
    }
    this.#enqueue(session, async () => {
      try {
        const launch = await this.#acceptWithCredentials(session, envelope);
        this.#answer(session, envelope, () => launch);
      } catch (error) {
        this.#answer(session, envelope, () => {
          throw error;
        });
      }
    });
  }

  /** Runs a child of a job under a part of its lease. Source: arcp section 5.9. */
  async delegate(
    parent: Job,
    agent: string,
    input: JsonValue | undefined,
    options: DelegateOptions,
  ): Promise<DelegatedJob> {
    const { identifiers } = this.#parts;
    const delegateId = identifiers.next('del_');
    const session = [...parent.audience.owners][0];
    try {
      if (session === undefined)
        throw new ArcpError('INTERNAL_ERROR', 'the job has no session any more');
      const job = this.maker.child(parent, agent, input, options, delegateId);
      const payload = acceptance(job, session.dialect);
      this.#parts.journal.write(jobRecord(job));
      parent.emitNow('delegate', {
        delegate_id: delegateId,
        agent,
        ...(input === undefined ? {} : { input }),
        ...(options.lease === undefined ? {} : { lease_request: leaseToJson(options.lease) }),
        child_job_id: job.id,
      });
      const accept = (): void => {
        for (const owner of job.audience.owners)
          owner.plain('job.accepted', payload, { job_id: job.id, trace_id: job.traceId });
        this.#launch(job);
      };
      if (session.queue === undefined) accept();
      else this.#enqueue(session, async () => accept());
      return {
        jobId: job.id,
        delegateId,
        result: () => job.settled,
        cancel: (reason = 'cancelled by the parent') =>
          job.interrupt(new ArcpError('CANCELLED', reason), 0),
      };
    } catch (thrown) {
      const error =
        thrown instanceof ArcpError
          ? thrown
          : new ArcpError('INTERNAL_ERROR', ArcpError.from(thrown).message, { cause: thrown });
      parent.emitNow('tool_result', { call_id: delegateId, error: { ...error.toPayload() } });
      throw error;
    }
  }

  #enqueue(session: Session, work: () => Promise<void>): void {
    const queue: Promise<void> = (session.queue ?? Promise.resolve())
      .then(work, work)
      .finally(() => {
        if (session.queue === queue) session.queue = undefined;
      });
    session.queue = queue;
  }

  #answer(session: Session, envelope: Envelope, accept: () => Launch): void {
    try {
      const { job, payload, repeated } = accept();
      this.#remember(
        session,
        envelope.id,
        session.plain(
          'job.accepted',
          { ...payload, ...correlation(envelope.id) },
          { job_id: job.id, trace_id: job.traceId },
        ),
      );
      if (!repeated) this.#launch(job);
      else if (job.terminal !== undefined) {
        // The repeat gets the end as well, under a number of its own. Source: arcp section 3.3, J-14.
        session.sequenced(
          job.terminal.type,
          job,
          job.terminal.payload,
          JSON.stringify(job.terminal.payload).length,
        );
      } else {
        job.audience.owners.add(session);
        session.jobs.add(job);
        this.#parts.journal.write({ record: 'owner', job: job.id, session: session.id });
      }
    } catch (thrown) {
      this.#reject(session, envelope, thrown);
    }
  }

  #remember(session: Session, id: string, answer: Envelope): void {
    session.answered.set(id, answer);
    if (session.answered.size > ANSWERS_KEPT)
      session.answered.delete(session.answered.keys().next().value as string);
  }

  /** Source: arcp section 3.2, J-8. */
  #reject(session: Session, envelope: Envelope, thrown: unknown): void {
    const error =
      thrown instanceof ArcpError
        ? thrown
        : new ArcpError('INTERNAL_ERROR', 'the job could not be accepted', { cause: thrown });
    const payload = { ...error.toPayload(), ...correlation(envelope.id) };
    if (this.#parts.rejection === 'session.error' || session.dialect === 'seed') {
      session.plain('session.error', payload);
      return;
    }
    const job = {
      id: this.#parts.identifiers.next('job_'),
      traceId: envelope.trace_id ?? newTraceId(),
    };
    session.sequenced('job.error', job, { final_status: 'error', job_id: job.id, ...payload }, 300);
  }

  #accept(session: Session, envelope: Envelope): Launch {
    const { request, repeated } = this.#read(session, envelope);
    return (
      repeated ??
      this.#accepted(session, envelope, request, this.#parts.identifiers.next('job_'), [])
    );
  }

  async #acceptWithCredentials(session: Session, envelope: Envelope): Promise<Launch> {
    const { request, repeated } = this.#read(session, envelope);
    if (repeated !== undefined) return repeated;
    const { credentials, identifiers } = this.#parts;
    const jobId = identifiers.next('job_');
    const wanted =
      credentials !== undefined &&
      session.features.has('provisioned_credentials') &&
      session.connection?.exposed !== true;
    if (!wanted) return this.#accepted(session, envelope, request, jobId, []);
    const lease = parseLease(request.leaseRequest);
    const { expires_at: expiresAt } = request.leaseConstraints;
    using deadline = openDeadline({
      clock: this.#parts.clock,
      timeoutMs: ISSUE_TIMEOUT_MS,
      what: 'issuing credentials',
    });
    const issued = await credentials.issue({
      jobId,
      agent: request.agent,
      principal: session.principal,
      lease,
      budget: new Budget(leaseAmounts(lease)),
      traceId: envelope.trace_id ?? newTraceId(),
      signal: deadline.signal,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
    try {
      return this.#accepted(session, envelope, request, jobId, issued);
    } catch (error) {
      void credentials.revokeJob(jobId);
      throw error;
    }
  }

  #read(
    session: Session,
    envelope: Envelope,
  ): { readonly request: SubmitRequest; readonly repeated?: Launch } {
    const { agents, keys, limits, clock } = this.#parts;
    if (this.#parts.closing()) {
      throw new ArcpError('INTERNAL_ERROR', 'the runtime is shutting down', {
        details: { reason: 'shutting_down' },
      });
    }
    const request = inDraftShape(readSubmit(envelope.payload), session.dialect);
    if (request.idempotencyKey !== undefined) {
      const known = keys.find(session.principal, request.idempotencyKey, parametersOf(request));
      if (known !== undefined) {
        const { credentials: _, ...withoutSecrets } = known.acceptance;
        const secrets = known.job.ended ? [] : known.job.facts.credentials;
        const payload =
          secrets.length === 0
            ? withoutSecrets
            : { ...withoutSecrets, credentials: credentialsToWire(secrets) };
        return { request, repeated: { job: known.job, payload, repeated: true } };
      }
    }
    agents.resolve(request.agent);
    const { expires_at: expiresAt } = request.leaseConstraints;
    if (expiresAt !== undefined) parseExpiry(expiresAt, clock.now());
    const running = session.jobs.size; // Ended jobs leave at once.
    if (running >= limits.maxJobsPerSession) {
      throw new ArcpError(
        'INTERNAL_ERROR',
        `the session runs ${limits.maxJobsPerSession} jobs already`,
        {
          details: { reason: 'too_many_jobs', limit: limits.maxJobsPerSession },
        },
      );
    }
    return { request };
  }

  #accepted(
    session: Session,
    envelope: Envelope,
    request: SubmitRequest,
    jobId: string,
    credentials: readonly Credential[],
  ): Launch {
    const job = this.maker.fresh(session, envelope, request, jobId, credentials);
    const payload = acceptance(job, session.dialect);
    let key: Parameters<typeof jobRecord>[1];
    if (request.idempotencyKey !== undefined) {
      const { credentials: _, ...withoutSecrets } = payload;
      key = this.#parts.keys.remember(
        session.principal,
        request.idempotencyKey,
        parametersOf(request),
        job,
        withoutSecrets,
      );
    }
    if (this.#parts.journal.active) this.#parts.journal.write(jobRecord(job, key));
    return { job, payload, repeated: false };
  }

  #launch(job: Job): void {
    job.start();
    runAgent(job, this, this.#parts.identifiers);
  }
}
