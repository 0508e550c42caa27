import type { JsonObject, JsonValue } from '@engramkit/core';
import { type Credential, readCredentials } from './credential.js';
import type { Envelope } from './envelope.js';
import { ArcpError, asObject } from './error.js';
import { readTraceId } from './identifiers.js';
import { type Lease, type LeaseConstraints, readLease } from './lease/lease.js';
import { readInstant, readInteger, readText, requireOptional } from './read.js';

/** The states of a job; the last four are terminal. Source: arcp section 3.4. */
export type JobStatus = 'pending' | 'running' | 'success' | 'error' | 'cancelled' | 'timed_out';

const STATUSES: ReadonlySet<string> = new Set([
  'pending',
  'running',
  'success',
  'error',
  'cancelled',
  'timed_out',
]);

/** Whether nothing follows after the state. */
export function isTerminalStatus(status: JobStatus): boolean {
  return status !== 'pending' && status !== 'running';
}

/** Reads a state; `succeeded` means `success`, anything unknown is nothing. */
export function readJobStatus(value: unknown): JobStatus | undefined {
  if (value === 'succeeded') return 'success';
  return typeof value === 'string' && STATUSES.has(value) ? (value as JobStatus) : undefined;
}

/** A `job.submit` as a runtime reads it, its lease request still raw. */
export interface SubmitRequest {
  readonly agent: string;
  readonly input: JsonValue | undefined;
  readonly leaseRequest: JsonValue | undefined;
  readonly leaseConstraints: LeaseConstraints;
  readonly idempotencyKey?: string;
  readonly maxRuntimeSec?: number;
}

/** Source: arcp section 3.1. */
const LONGEST_KEY = 256;
const LONGEST_RUNTIME_SEC = 31_536_000;

/** Reads a submit strictly; throws `INVALID_REQUEST` that names the member. */
export function readSubmit(payload: JsonObject): SubmitRequest {
  const agent = payload.agent;
  if (typeof agent !== 'string') {
    throw new ArcpError('INVALID_REQUEST', 'agent must be a text', { details: { field: 'agent' } });
  }
  const constraints = requireOptional(payload, 'lease_constraints', isObject, 'an object') ?? {};
  const expiresAt = requireOptional(constraints, 'expires_at', isText, 'a text');
  const idempotencyKey = requireOptional(
    payload,
    'idempotency_key',
    (value): value is string => isText(value) && value.length >= 1 && value.length <= LONGEST_KEY,
    `a text of 1 to ${LONGEST_KEY} characters`,
  );
  const maxRuntimeSec = requireOptional(
    payload,
    'max_runtime_sec',
    (value): value is number =>
      typeof value === 'number' &&
      Number.isInteger(value) &&
      value >= 1 &&
      value <= LONGEST_RUNTIME_SEC,
    `a whole number from 1 to ${LONGEST_RUNTIME_SEC}`,
  );
  return {
    agent,
    input: payload.input,
    leaseRequest: payload.lease_request,
    leaseConstraints: expiresAt === undefined ? {} : { expires_at: expiresAt },
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(maxRuntimeSec === undefined ? {} : { maxRuntimeSec }),
  };
}

/** A `job.accepted` as a client reads it. */
export interface Acceptance {
  readonly jobId: string;
  readonly agent?: string;
  readonly lease: Lease;
  readonly expiresAt?: string;
  readonly budget: Readonly<Record<string, number>>;
  readonly credentials: readonly Credential[];
  readonly acceptedAtMs?: number;
  readonly traceId?: string;
  readonly parentJobId?: string;
  readonly delegateId?: string;
}

/** Reads an acceptance tolerantly; nothing when it names no job. Source: arcp section 3.2, J-7. */
export function readAccepted(envelope: Envelope): Acceptance | undefined {
  const { payload } = envelope;
  const jobId = readText(payload, 'job_id') ?? envelope.job_id;
  if (jobId === undefined) return undefined;
  const { lease, expiresAt: leaseExpiry } = readLease(payload.lease);
  const expiresAt =
    readText(asObject(payload.lease_constraints) ?? {}, 'expires_at') ?? leaseExpiry;
  const acceptedAtMs = readInstant(payload, 'accepted_at');
  return {
    jobId,
    lease,
    budget: readBudget(payload.budget),
    credentials: readCredentials(payload.credentials),
    ...optional('agent', readText(payload, 'agent')),
    ...optional('expiresAt', expiresAt),
    ...optional('acceptedAtMs', acceptedAtMs),
    ...optional('traceId', readTraceId(payload.trace_id) ?? envelope.trace_id),
    ...optional('parentJobId', readText(payload, 'parent_job_id')),
    ...optional('delegateId', readText(payload, 'delegate_id')),
  };
}

/** Counters as numbers, `"5.00"` or `"USD:5.00"`. Source: arcp section 3.2, J-7. */
export function readBudget(value: JsonValue | undefined): Readonly<Record<string, number>> {
  const budget: Record<string, number> = Object.create(null);
  for (const [currency, amount] of Object.entries(asObject(value) ?? {})) {
    const number =
      typeof amount === 'string' ? Number(amount.slice(amount.indexOf(':') + 1)) : amount;
    if (typeof number === 'number' && Number.isFinite(number)) budget[currency] = number;
  }
  return budget;
}

/** How a job ended. */
export type Terminal =
  | {
      readonly status: 'success';
      readonly result: JsonValue | undefined;
      readonly resultId?: string;
      readonly resultSize?: number;
      readonly summary?: string;
    }
  | { readonly status: 'error' | 'cancelled' | 'timed_out'; readonly error: ArcpError };

const CODE_OF_END = {
  error: 'INTERNAL_ERROR',
  cancelled: 'CANCELLED',
  timed_out: 'TIMEOUT',
} as const;

/** Reads `job.result` and `job.error`. Source: arcp section 3.4, J-20 to J-22. */
export function readTerminal(envelope: Envelope): Terminal {
  const { payload } = envelope;
  const said = readJobStatus(payload.final_status);
  const failed = said === 'error' || said === 'cancelled' || said === 'timed_out';
  if (envelope.type === 'job.result' && failed) {
    // The Python SDK tells of a cancelled job in a `job.result`.
    const code = typeof payload.code === 'string' ? payload.code : CODE_OF_END[said];
    const message = readText(payload, 'message') ?? `the job ended as ${said}`;
    return { status: said, error: ArcpError.fromPayload({ ...payload, code, message }) };
  }
  if (envelope.type === 'job.result') {
    return {
      status: 'success',
      result: payload.result ?? payload.output,
      ...optional('resultId', readText(payload, 'result_id')),
      ...optional('resultSize', readInteger(payload, 'result_size')),
      ...optional('summary', readText(payload, 'summary')),
    };
  }
  const error = ArcpError.fromPayload(payload);
  if (error.code === 'CANCELLED') return { status: 'cancelled', error };
  if (error.code === 'TIMEOUT') return { status: 'timed_out', error };
  return { status: said === 'cancelled' || said === 'timed_out' ? said : 'error', error };
}

/** One job of a listing. */
export interface JobSummary {
  readonly jobId: string;
  readonly agent: string;
  readonly status: JobStatus;
  readonly lease: Lease;
  readonly parentJobId?: string;
  readonly createdAtMs?: number;
  readonly traceId?: string;
  readonly lastEventSeq: number;
  readonly expiresAt?: string;
  readonly budget: Readonly<Record<string, number>>;
}

/** Reads one page of a listing; entries without a job id are left out. Source: arcp section 2.7. */
export function readJobsPage(payload: JsonObject): {
  readonly jobs: readonly JobSummary[];
  readonly nextCursor?: string;
} {
  const entries = payload.jobs;
  const jobs = (Array.isArray(entries) ? entries : []).flatMap((entry): JobSummary[] => {
    const from = asObject(entry);
    const jobId = from && readText(from, 'job_id');
    if (from === undefined || jobId === undefined) return [];
    const { lease, expiresAt } = readLease(from.lease);
    return [
      {
        jobId,
        agent: readText(from, 'agent') ?? '',
        status: readJobStatus(from.status) ?? 'running',
        lease,
        lastEventSeq: readInteger(from, 'last_event_seq') ?? 0,
        budget: readBudget(from.budget ?? from.budget_remaining),
        ...optional('parentJobId', readText(from, 'parent_job_id')),
        ...optional(
          'createdAtMs',
          readInstant(from, 'created_at') ?? readInstant(from, 'submitted_at'),
        ),
        ...optional('traceId', readTraceId(from.trace_id)),
        ...optional(
          'expiresAt',
          readText(asObject(from.lease_constraints) ?? {}, 'expires_at') ??
            readText(from, 'lease_expires_at') ??
            expiresAt,
        ),
      },
    ];
  });
  return { jobs, ...optional('nextCursor', readText(payload, 'next_cursor')) };
}

/** A `job.subscribed` as a client reads it. Source: arcp section 3.8. */
export interface SubscriptionStart {
  readonly jobId: string;
  readonly status: JobStatus;
  readonly agent?: string;
  readonly lease: Lease;
  readonly budget: Readonly<Record<string, number>>;
  readonly subscribedFrom: number;
  readonly replayed: boolean;
  readonly historyTruncated: boolean;
  readonly credentials: readonly Credential[];
}

/** Reads a subscription's start tolerantly; nothing when it names no job. */
export function readSubscribed(envelope: Envelope): SubscriptionStart | undefined {
  const { payload } = envelope;
  const jobId = readText(payload, 'job_id') ?? envelope.job_id;
  if (jobId === undefined) return undefined;
  return {
    jobId,
    status: readJobStatus(payload.current_status) ?? 'running',
    lease: readLease(payload.lease).lease,
    budget: readBudget(payload.budget),
    subscribedFrom: readInteger(payload, 'subscribed_from') ?? 0,
    replayed: payload.replayed === true,
    historyTruncated: payload.history_truncated === true,
    credentials: readCredentials(payload.credentials),
    ...optional('agent', readText(payload, 'agent')),
  };
}

function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [Key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: Value };
}

const isText = (value: JsonValue): value is string => typeof value === 'string';
const isObject = (value: JsonValue): value is JsonObject => asObject(value) !== undefined;
