import type { JsonValue } from '@engramkit/core';
import {
  type ApprovalPolicy,
  type Capability,
  type CapabilityLimits,
  SIDE_EFFECTS,
} from './capability.js';
import { problem, WireReader } from './wire-reader.js';

/** Reads a capability. Throws `INVALID_ARGUMENT`. Source: sandbox section 1.2. */
export function readCapability(value: JsonValue, path = ''): Capability {
  const reader = new WireReader(value, path);
  return {
    name: reader.text('name'),
    description: reader.text('description'),
    input_schema: requiredJson(reader, 'input_schema'),
    output_schema: requiredJson(reader, 'output_schema'),
    side_effect: reader.word('side_effect', SIDE_EFFECTS),
    limits: readCapabilityLimits(reader.raw('limits') ?? null, reader.at('limits')),
    approval_policy: readApprovalPolicy(
      reader.raw('approval_policy') ?? null,
      reader.at('approval_policy'),
    ),
    idempotent: reader.flag('idempotent'),
  };
}

/** Reads the limits of a capability. Throws `INVALID_ARGUMENT`. */
export function readCapabilityLimits(value: JsonValue, path = ''): CapabilityLimits {
  const reader = new WireReader(value, path);
  return {
    timeout_ms: reader.u32('timeout_ms'),
    max_request_bytes: reader.u32('max_request_bytes'),
    max_response_bytes: reader.u32('max_response_bytes'),
    concurrency: reader.u32('concurrency'),
    rate_per_min: reader.optionalU32('rate_per_min'),
  };
}

/** Reads an approval policy: `"none"`, `"manual"` or `{"auto":{"rule":…}}`. Throws `INVALID_ARGUMENT`. */
export function readApprovalPolicy(value: JsonValue, path = ''): ApprovalPolicy {
  if (value === 'none' || value === 'manual') return value;
  if (typeof value === 'object' && value !== null && Object.keys(value).join() === 'auto') {
    const auto = new WireReader(new WireReader(value, path).raw('auto'), `${path}/auto`);
    return { auto: { rule: auto.text('rule') } };
  }
  throw problem(path, 'must be "none", "manual" or {"auto":{"rule":"…"}}');
}

function requiredJson(reader: WireReader, name: string): JsonValue {
  const value = reader.raw(name);
  if (value === undefined) throw problem(reader.at(name), 'is missing');
  return value;
}
