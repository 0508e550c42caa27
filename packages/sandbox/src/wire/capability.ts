import type { JsonValue } from '@engramkit/core';

/** Source: sandbox section 1.2. */
export const SIDE_EFFECTS = [
  'none',
  'read',
  'write',
  'network',
  'database',
  'external_system',
] as const;
/** What a capability touches. */
export type SideEffect = (typeof SIDE_EFFECTS)[number];

/** Bounds of one capability. Source: sandbox section 1.2. */
export interface CapabilityLimits {
  /** Milliseconds per call. */
  readonly timeout_ms: number;
  readonly max_request_bytes: number;
  readonly max_response_bytes: number;
  /** Calls at once, over all sessions of a runtime. */
  readonly concurrency: number;
  /** Calls per minute and session; null for no limit. */
  readonly rate_per_min: number | null;
}

/** The limits when nobody says otherwise. Source: sandbox section 1.2. */
export const DEFAULT_CAPABILITY_LIMITS: CapabilityLimits = Object.freeze({
  timeout_ms: 5_000,
  max_request_bytes: 1_048_576,
  max_response_bytes: 1_048_576,
  concurrency: 16,
  rate_per_min: null,
});

/** Who has to agree to a call: nobody, a rule of the host, or a person. Source: sandbox sections 1.2 and 5.5. */
export type ApprovalPolicy = 'none' | { readonly auto: { readonly rule: string } } | 'manual';

/** What a guest may call. Source: sandbox section 1.2. */
export interface Capability {
  readonly name: string;
  readonly description: string;
  /** JSON Schema 2020-12 of the array of positional arguments; its `x-kwargs` is the schema of named ones. */
  readonly input_schema: JsonValue;
  /** JSON Schema 2020-12 of the answer. */
  readonly output_schema: JsonValue;
  readonly side_effect: SideEffect;
  readonly limits: CapabilityLimits;
  readonly approval_policy: ApprovalPolicy;
  /** Whether a call may be carried out again with the same key when nobody knows whether it was. */
  readonly idempotent: boolean;
}

/** A capability with the documented defaults; `options` replace them. Source: sandbox section 1.2. */
export function capability(
  name: string,
  description: string,
  sideEffect: SideEffect = 'none',
  options: Partial<Omit<Capability, 'name' | 'description' | 'side_effect' | 'limits'>> & {
    readonly limits?: Partial<CapabilityLimits>;
  } = {},
): Capability {
  return {
    name,
    description,
    input_schema: options.input_schema ?? { type: 'array' },
    output_schema: options.output_schema ?? {},
    side_effect: sideEffect,
    limits: { ...DEFAULT_CAPABILITY_LIMITS, ...options.limits },
    approval_policy: options.approval_policy ?? 'none',
    idempotent: options.idempotent ?? true,
  };
}
