import {
  ArcpError,
  assertLeaseSubset,
  Budget,
  type Credential,
  type Envelope,
  expiryInstant,
  formatAgentReference,
  leaseAmounts,
  leaseToJson,
  newTraceId,
  parseExpiry,
  parseLease,
  type Reservation,
  type SubmitRequest,
} from '@engramkit/arcp';
import type { JsonValue } from '@engramkit/core';
import type { DelegateOptions } from './delegation.js';
import { Job } from './job.js';
import type { JobFacts } from './job-facts.js';
import { LeaseGuard } from './lease-guard.js';
import type { Session } from './session.js';
import type { SubmissionParts } from './submissions.js';

/** Makes jobs: checks leases, sets budgets aside, and registers the job with its sessions. */
export class JobMaker {
  readonly #parts: SubmissionParts;

  constructor(parts: SubmissionParts) {
    this.#parts = parts;
  }

  /** The job of a submit that was read and found good. */
  fresh(
    session: Session,
    envelope: Envelope,
    request: SubmitRequest,
    jobId: string,
    credentials: readonly Credential[],
  ): Job {
    const { agents, clock } = this.#parts;
    const definition = agents.resolve(request.agent);
    const lease = parseLease(request.leaseRequest);
    const { expires_at: expiresAt } = request.leaseConstraints;
    const job = this.#make(
      {
        id: jobId,
        agent: formatAgentReference(definition),
        definition,
        principal: session.principal,
        input: request.input,
        lease,
        expiresAt,
        expiresAtMs: expiresAt === undefined ? undefined : parseExpiry(expiresAt, clock.now()),
        budget: new Budget(leaseAmounts(lease)),
        reservation: undefined,
        credentials,
        traceId: envelope.trace_id ?? newTraceId(),
        createdAtMs: clock.now(),
        maxRuntimeSec: request.maxRuntimeSec,
        parent: undefined,
        delegateId: undefined,
        detached: false,
      },
      [session],
    );
    return job;
  }

  /** The job that another one delegates; throws before anything is reserved when it may not. Source: arcp section 5.9. */
  child(
    parent: Job,
    agent: string,
    input: JsonValue | undefined,
    options: DelegateOptions,
    delegateId: string,
  ): Job {
    const { agents, clock, identifiers, limits } = this.#parts;
    const [name] = agent.split('@', 1) as [string];
    try {
      parent.guard.check('agent.delegate', agent);
    } catch (error) {
      if (!(error instanceof ArcpError) || error.code !== 'PERMISSION_DENIED' || name === agent)
        throw error;
      parent.guard.check('agent.delegate', name);
    }
    const definition = agents.resolve(agent);
    const lease = parseLease(options.lease === undefined ? undefined : leaseToJson(options.lease));
    assertLeaseSubset(parent.facts.lease, lease);
    const expiresAt = options.expiresAt ?? parent.facts.expiresAt;
    const expiresAtMs = expiresAt === undefined ? undefined : expiryInstant(expiresAt);
    if (
      expiresAt !== undefined &&
      (expiresAtMs === undefined ||
        expiresAtMs > (parent.facts.expiresAtMs ?? Number.POSITIVE_INFINITY))
    ) {
      throw new ArcpError(
        'LEASE_SUBSET_VIOLATION',
        "the child's lease must not outlive its parent's",
        {
          details: { expires_at: expiresAt },
        },
      );
    }
    for (const session of parent.audience.owners) {
      if ([...session.jobs].filter((job) => !job.ended).length >= limits.maxJobsPerSession) {
        throw new ArcpError('INTERNAL_ERROR', 'the session runs too many jobs already', {
          details: { reason: 'too_many_jobs' },
        });
      }
    }
    const amounts = leaseAmounts(lease);
    const reservation: Reservation | undefined =
      amounts.length === 0 ? undefined : parent.facts.budget.reserve(amounts);
    const job = this.#make(
      {
        id: identifiers.next('job_'),
        agent: formatAgentReference(definition),
        definition,
        principal: parent.facts.principal,
        input,
        lease,
        expiresAt,
        expiresAtMs,
        budget: reservation?.budget ?? new Budget([]),
        reservation,
        credentials: [],
        traceId: parent.traceId,
        createdAtMs: clock.now(),
        maxRuntimeSec: options.maxRuntimeSec,
        parent,
        delegateId,
        detached: options.detached ?? false,
      },
      [...parent.audience.owners],
    );
    parent.children.add(job);
    return job;
  }

  /** A job from before a restart; it never runs again. */
  revived(facts: JobFacts, owners: readonly Session[]): Job {
    return this.#make(facts, owners);
  }

  #make(facts: JobFacts, owners: readonly Session[]): Job {
    const { limits, clock, jobs, requireModelUse, credentials, journal } = this.#parts;
    const { lease, budget, expiresAtMs } = facts;
    const job = new Job(facts, {
      clock,
      limits,
      guard: new LeaseGuard({ lease, budget, expiresAtMs, clock, requireModelUse }),
      onEnd: (ended) => {
        for (const session of ended.audience.owners) session.jobs.delete(ended);
        if (facts.credentials.length > 0) void credentials?.revokeJob(ended.id);
        journal.write({
          record: 'ended',
          job: ended.id,
          atMs: ended.endedAtMs ?? 0,
          // The frame of an owner has it, if there is one.
          ...(ended.audience.owners.size > 0 ? {} : ended.terminal),
        });
        jobs.ended(ended);
      },
    });
    for (const session of owners) {
      job.audience.owners.add(session);
      session.jobs.add(job);
    }
    jobs.add(job);
    return job;
  }
}
