import {
  ArcpError,
  type JobStatus,
  parseAgentReference,
  readJobStatus,
  wireTime,
} from '@engramkit/arcp';
import type { Clock, JsonObject, JsonValue } from '@engramkit/core';
import type { Job } from './job.js';
import type { RuntimeLimits } from './limits.js';

/** Source: arcp section 2.7, S-63. */
const DEFAULT_PAGE = 100;
const LARGEST_PAGE = 1_000;

/** The jobs of a runtime: running ones, and ended ones for as long as they are kept. */
export class JobStore {
  readonly #jobs = new Map<string, Job>();
  /** Ended jobs, the one that ended first in front. */
  readonly #ended = new Set<Job>();
  readonly #limits: RuntimeLimits;
  readonly #clock: Clock;
  readonly #onForget: (job: Job) => void;

  constructor(limits: RuntimeLimits, clock: Clock, onForget: (job: Job) => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#onForget = onForget;
  }

  get all(): Iterable<Job> {
    return this.#jobs.values();
  }

  get running(): readonly Job[] {
    return [...this.#jobs.values()].filter((job) => !job.ended);
  }

  add(job: Job): void {
    this.#jobs.set(job.id, job);
  }

  /** The job, if it belongs to the principal; a foreign one is not told from a missing one. Source: S-60, J-63. */
  find(jobId: string, principal: string): Job | undefined {
    const job = this.#jobs.get(jobId);
    return job?.facts.principal === principal ? job : undefined;
  }

  /** Keeps an ended job for a while, and lets go of those whose time is over. Source: arcp section 2.7, S-64. */
  ended(job: Job): void {
    this.#ended.add(job);
    const oldestMs =
      this.#clock.now() - Math.max(this.#limits.retentionSec, this.#limits.resumeWindowSec) * 1_000;
    for (const kept of this.#ended) {
      const tooMany = this.#ended.size > this.#limits.maxRetainedJobs;
      if (!tooMany && (kept.endedAtMs ?? 0) >= oldestMs) break;
      this.#ended.delete(kept);
      this.#jobs.delete(kept.id);
      this.#onForget(kept);
    }
  }

  /** One page of a listing; throws `INVALID_REQUEST` for a malformed request. Source: arcp section 2.7. */
  list(principal: string, payload: JsonObject): JsonObject {
    const accepts = readFilter(payload.filter);
    const limit = readLimit(payload.limit);
    const after = readCursor(payload.cursor);
    const jobs: JsonObject[] = [];
    let last = '';
    // Identifiers rise with time, so that the order of insertion is the order of the listing.
    for (const job of this.#jobs.values()) {
      if (job.facts.principal !== principal || job.id <= after || !accepts(job)) continue;
      if (jobs.length === limit) return { jobs, next_cursor: btoa(last) };
      jobs.push(listed(job));
      last = job.id;
    }
    return { jobs, next_cursor: null };
  }
}

function listed(job: Job): JsonObject {
  const createdAt = wireTime(job.facts.createdAtMs);
  return {
    job_id: job.id,
    agent: job.facts.agent,
    status: job.status,
    ...job.description(),
    parent_job_id: job.facts.parent?.id ?? null,
    created_at: createdAt,
    submitted_at: createdAt,
    trace_id: job.traceId,
    last_event_seq: job.audience.lastEventSeq,
  };
}

function readFilter(value: JsonValue | undefined): (job: Job) => boolean {
  if (value === undefined || value === null) return () => true;
  if (typeof value !== 'object' || Array.isArray(value)) throw malformed('filter', 'an object');
  const { status, agent, created_after, created_before } = value as JsonObject;
  let statuses: Set<JobStatus | undefined> | undefined;
  if (status !== undefined && status !== null) {
    if (!Array.isArray(status)) throw malformed('filter.status', 'a list of states');
    // Unknown states match nothing.
    statuses = new Set(status.map(readJobStatus).filter((known) => known !== undefined));
  }
  const reference = agent === undefined || agent === null ? undefined : parseAgentReference(agent);
  const after = readInstant(created_after, 'filter.created_after');
  const before = readInstant(created_before, 'filter.created_before');
  return ({ status: state, facts }) => {
    if (statuses !== undefined && !statuses.has(state)) return false;
    if (reference !== undefined) {
      const own = parseAgentReference(facts.agent);
      if (own.name !== reference.name) return false;
      if (reference.version !== undefined && own.version !== reference.version) return false;
    }
    return (
      (after === undefined || facts.createdAtMs > after) &&
      (before === undefined || facts.createdAtMs < before)
    );
  };
}

function readInstant(value: JsonValue | undefined, field: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const at =
    typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) throw malformed(field, 'an RFC 3339 time');
  return at;
}

function readLimit(value: JsonValue | undefined): number {
  if (value === undefined || value === null) return DEFAULT_PAGE;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
    throw malformed('limit', 'a whole number above 0');
  return Math.min(value, LARGEST_PAGE);
}

function readCursor(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  try {
    const after = typeof value === 'string' ? atob(value) : '';
    if (after.startsWith('job_')) return after;
  } catch {
    // Not base64: no cursor of ours.
  }
  throw malformed('cursor', 'a cursor of an earlier page');
}

function malformed(field: string, expected: string): ArcpError {
  return new ArcpError('INVALID_REQUEST', `${field} must be ${expected}`, { details: { field } });
}
