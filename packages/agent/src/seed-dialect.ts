import {
  type Dialect,
  type Lease,
  leaseToJson,
  type SubmitRequest,
  wireTime,
} from '@engramkit/arcp';
import type { JsonObject, JsonValue } from '@engramkit/core';
import type { JobFacts } from './job-facts.js';

/** Capabilities that the Ruby gem writes beside the list of names. Source: arcp section 8.1. */
const BESIDE = ['cost.budget', 'model.use'] as const;

/** A lease request of the Ruby gem in the shape of the draft: every named capability is granted whole. */
function fromSeedRequest(request: JsonValue | undefined): {
  readonly lease: JsonValue | undefined;
  readonly expiresAt?: string;
} {
  if (typeof request !== 'object' || request === null || Array.isArray(request))
    return { lease: request };
  const { capabilities, expires_at: expiresAt } = request as JsonObject;
  if (!Array.isArray(capabilities)) return { lease: request };
  const lease: Record<string, JsonValue> = {};
  for (const name of capabilities) if (typeof name === 'string') lease[name] = ['**'];
  for (const name of BESIDE) {
    const patterns = (request as JsonObject)[name];
    if (patterns !== undefined && patterns !== null) lease[name] = patterns;
  }
  return { lease, ...(typeof expiresAt === 'string' ? { expiresAt } : {}) };
}

/** The lease of a job as the Ruby gem reads it; nothing when no lease was asked for. Source: arcp section 8.1. */
export function toSeedLease(facts: JobFacts): { readonly lease?: JsonObject } {
  const { id, lease, expiresAt, createdAtMs } = facts;
  if (Object.keys(lease).length === 0 && expiresAt === undefined) return {};
  const shown: JsonObject = {
    id: `lse_${id}`,
    capabilities: names(lease),
    issued_at: wireTime(createdAtMs),
    ...Object.fromEntries(Object.entries(leaseToJson(lease)).filter(([name]) => isBeside(name))),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
  };
  return { lease: shown };
}

const isBeside = (name: string): boolean => BESIDE.some((known) => known === name);
const names = (lease: Lease): readonly string[] =>
  Object.keys(lease).filter((name) => !isBeside(name));

/** A submit of the Ruby gem in the shape of the draft. Source: arcp section 8.1. */
export function inDraftShape(request: SubmitRequest, dialect: Dialect): SubmitRequest {
  if (dialect !== 'seed') return request;
  const { lease, expiresAt } = fromSeedRequest(request.leaseRequest);
  return {
    ...request,
    leaseRequest: lease,
    leaseConstraints: {
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
      ...request.leaseConstraints,
    },
  };
}
