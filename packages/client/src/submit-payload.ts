import {
  ArcpError,
  type ArcpFeature,
  type Dialect,
  type Lease,
  leaseToJson,
  parseAgentReference,
  parseLease,
} from '@engramkit/arcp';
import type { JsonObject, JsonValue } from '@engramkit/core';
import { featureMissing } from './local-errors.js';

/** Options of a submit. Source: arcp section 3.1. */
export interface SubmitOptions {
  /** Capability to patterns; default: no authority. */
  readonly lease?: Lease;
  /** When the lease ends: RFC 3339 UTC with `Z`. */
  readonly expiresAt?: string;
  /** Makes the submit safe to repeat, by you and by the client itself after a lost session; 1 to 256 characters. */
  readonly idempotencyKey?: string;
  /** 1 to 86,400. */
  readonly maxRuntimeSec?: number;
  /** 32 lower-case hexadecimal digits; default: the active trace, else a fresh one. */
  readonly traceId?: string;
  /** Aborts the submit, and cancels the job once it is accepted. */
  readonly signal?: AbortSignal;
  /** Overrides the client's `requestTimeoutMs` for the acceptance. */
  readonly timeoutMs?: number;
}

/** Source: arcp section 3.1. */
const LONGEST_RUNTIME_SEC = 86_400;

/** Checks a submit against the session and gives its payload; throws before anything is sent. */
export function submitPayload(
  agent: string,
  input: JsonValue | undefined,
  options: SubmitOptions,
  session: { readonly features: ReadonlySet<ArcpFeature>; readonly dialect: Dialect },
): JsonObject {
  const { version } = parseAgentReference(agent);
  if (version !== undefined) need(session.features, 'agent_versions', `agent "${agent}"`);
  const { expiresAt, idempotencyKey, maxRuntimeSec } = options;
  const lease = options.lease === undefined ? undefined : parseLease(leaseToJson(options.lease));
  if (expiresAt !== undefined) need(session.features, 'lease_expires_at', 'expiresAt');
  if (lease?.['cost.budget'] !== undefined) need(session.features, 'cost.budget', 'a budget');
  if (lease?.['model.use'] !== undefined) need(session.features, 'model.use', 'model.use');
  if (
    maxRuntimeSec !== undefined &&
    !(Number.isInteger(maxRuntimeSec) && maxRuntimeSec >= 1 && maxRuntimeSec <= LONGEST_RUNTIME_SEC)
  ) {
    throw new ArcpError(
      'INVALID_REQUEST',
      `maxRuntimeSec must be a whole number from 1 to ${LONGEST_RUNTIME_SEC}`,
    );
  }
  if (idempotencyKey !== undefined && (idempotencyKey.length < 1 || idempotencyKey.length > 256)) {
    throw new ArcpError('INVALID_REQUEST', 'idempotencyKey must have 1 to 256 characters');
  }
  return {
    agent,
    ...(input === undefined ? {} : { input }),
    ...(lease === undefined
      ? {}
      : {
          lease_request:
            session.dialect === 'seed' ? seedLease(lease, expiresAt) : leaseToJson(lease),
        }),
    ...(expiresAt === undefined ? {} : { lease_constraints: { expires_at: expiresAt } }),
    ...(idempotencyKey === undefined ? {} : { idempotency_key: idempotencyKey }),
    ...(maxRuntimeSec === undefined ? {} : { max_runtime_sec: maxRuntimeSec }),
  };
}

/** The Ruby gem knows capability names only: what it cannot narrow is refused. Source: arcp section 8.1. */
function seedLease(lease: Lease, expiresAt: string | undefined): JsonObject {
  const capabilities: string[] = [];
  const special: Record<string, readonly string[]> = {};
  for (const [capability, patterns] of Object.entries(lease)) {
    if (capability === 'cost.budget' || capability === 'model.use') special[capability] = patterns;
    else if (patterns.every((pattern) => pattern === '*' || pattern === '**'))
      capabilities.push(capability);
    else {
      throw new ArcpError(
        'INVALID_REQUEST',
        `the peer cannot narrow ${capability}: it would grant all of it`,
        {
          hint: 'Grant "**" on purpose, or use a runtime that speaks ARCP 1.1.',
        },
      );
    }
  }
  return {
    capabilities,
    ...special,
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
  };
}

function need(features: ReadonlySet<ArcpFeature>, feature: ArcpFeature, what: string): void {
  if (!features.has(feature)) throw featureMissing(feature, what);
}
