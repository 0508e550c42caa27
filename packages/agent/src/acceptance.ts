import { type Dialect, wireTime } from '@engramkit/arcp';
import type { JsonObject } from '@engramkit/core';
import { credentialsToWire } from './credentials.js';
import type { Job } from './job.js';

/** An accepted job and what its submitter is told. */
export interface Launch {
  readonly job: Job;
  readonly payload: JsonObject;
  readonly repeated: boolean;
}

/** The payload of a job's acceptance. Source: arcp section 3.2. */
export function acceptance(job: Job, dialect?: Dialect): JsonObject {
  const { agent, createdAtMs, delegateId, credentials } = job.facts;
  return {
    job_id: job.id,
    agent,
    ...job.description(dialect),
    ...(credentials.length === 0 ? {} : { credentials: credentialsToWire(credentials) }),
    accepted_at: wireTime(createdAtMs),
    trace_id: job.traceId,
    ...(delegateId === undefined ? {} : { delegate_id: delegateId }),
  };
}
